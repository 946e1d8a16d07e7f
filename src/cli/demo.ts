/** `foyer demo`: the gateway and two more nodes as its friends, with lobbies and residents, all on loopback. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { type Config, loadConfig } from '../config.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import { createRetroShareNetwork } from '../retroshare/network.ts'
import type { FriendId } from '../util/ids.ts'
import { type Command, type Io, options, UsageError } from './common.ts'
import { Resident } from './demo-resident.ts'
import { runUntilSignal } from './lifetime.ts'
import { createLogger } from './logger.ts'

const OPTIONS = { data: { type: 'string' }, 'port-base': { type: 'string' } } as const

export const demoCommand: Command = async (argv, io) => {
  const { values } = options(argv, OPTIONS, { min: 0, max: 0, names: '' })
  const env = demoEnvironment(values['port-base'])
  const data = values.data === undefined ? temporaryFolder() : resolve(values.data)
  const config = loadConfig({ env, dataOverride: join(data, 'gateway') })
  const { log } = createLogger(process.stdout.isTTY ? 'warn' : 'info')
  return runUntilSignal(async () => {
    const demo = await startDemo(config, data, log)
    log.info({ ports: demo.gateway.ports }, 'ready')
    for (const line of greeting(config, demo.gateway)) io.out(line)
    return demo.stop
  }, ['SIGINT', 'SIGTERM', 'SIGHUP'])
}

/** Is removed when the process ends, however it does. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-demo-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Fixed ports from `--port-base`, else the defaults. Nothing of the caller's own configuration is used. */
function demoEnvironment(portBase: string | undefined): Io['env'] {
  if (portBase === undefined) return {}
  const base = Number(portBase)
  if (!Number.isInteger(base) || base < 0 || base > 65_533)
    throw new UsageError(`--port-base is a port from 0 to 65533, not ${portBase}`)
  const port = (offset: number) => `127.0.0.1:${base === 0 ? 0 : base + offset}`
  return {
    FOYER_XMPP__SERVER__LISTEN: port(0),
    FOYER_HTTP__LISTEN: port(1),
    FOYER_RETROSHARE__LISTEN: port(2),
  }
}

/** The demo is ready when all have settled, or after this long. */
const SETTLE_MS = 10_000

interface Demo {
  readonly gateway: Gateway
  stop(): Promise<void>
}

/** Alice and Bob know the gateway, not each other: what they say to each other goes through it. */
async function startDemo(config: Config, data: string, log: Logger): Promise<Demo> {
  const alice = new Resident('Alice', ['Welcome! I live on another node.', 'The garden is quiet today.'])
  const bob = new Resident('Bob', ['Hello from the third node.', 'I hear you through the gateway.'])
  const node = (resident: Resident): LobbyNetwork =>
    createRetroShareNetwork({
      dir: join(data, resident.name.toLowerCase()),
      name: `${resident.name}'s node`,
      listen: { host: '127.0.0.1', port: 0 },
      advertise: null,
      log: log.child({ node: resident.name }),
      onUpdate: (update: LobbyUpdate) => resident.onUpdate(update),
    })
  const [aliceNode, bobNode] = [node(alice), node(bob)]
  const starting = [startGateway(config, log), aliceNode.start(), bobNode.start()] as const
  // All have come to an end, good or bad, before anything is stopped.
  const [started] = await Promise.allSettled(starting)
  const stop = async (): Promise<void> => {
    alice.stop()
    bob.stop()
    const gateway = started.status === 'fulfilled' ? started.value : undefined
    await Promise.all([gateway?.stop(), aliceNode.stop(), bobNode.stop()])
  }
  try {
    const [gateway] = await Promise.all(starting)
    await settle(gateway, { node: aliceNode, resident: alice }, { node: bobNode, resident: bob })
    return { gateway, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Home {
  readonly node: LobbyNetwork
  readonly resident: Resident
}

/** All become friends, and the residents make their lobbies and enter them. */
async function settle(gateway: Gateway, alice: Home, bob: Home): Promise<void> {
  const own = gateway.networks.values().next().value as LobbyNetwork
  for (const { node } of [alice, bob]) {
    await node.addFriend(own.invite('long'))
    await own.addFriend(node.invite('short'))
  }
  const garden = alice.resident.host(alice.node, {
    name: 'Garden',
    topic: 'Everybody is welcome',
    isPrivate: false,
  })
  const cellar = bob.resident.host(bob.node, { name: 'Cellar', topic: 'By invitation only', isPrivate: true })
  bob.resident.visit(bob.node, garden)
  bob.node.send({ kind: 'invite', lobby: cellar, friend: own.snapshot().self.id as FriendId })
  own.send({ kind: 'join', lobby: cellar })
  own.send({ kind: 'join', lobby: garden })
  await within(
    SETTLE_MS,
    () => alice.resident.isIn(garden) && bob.resident.isIn(garden) && bob.resident.isIn(cellar),
  )
}

/** Resolves when it is so, or after `limitMs` all the same: who comes late is seen to come. */
async function within(limitMs: number, isSo: () => boolean): Promise<void> {
  const untilMs = Date.now() + limitMs
  while (!isSo() && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20))
}

function greeting(config: Config, gateway: Gateway): string[] {
  const { c2s, http } = gateway.ports
  return [
    '',
    `  Open          http://127.0.0.1:${http}/chat/   and choose a room`,
    `  Who is where  http://127.0.0.1:${http}/`,
    `  XMPP client   server 127.0.0.1 port ${c2s}, domain ${config.xmpp.server?.domain}, no TLS, anonymous login;`,
    `                rooms at ${config.xmpp.domain}`,
    '',
    "  Alice's node and Bob's node are friends of this gateway over real TLS. Say something and they answer.",
    '  Ctrl-C ends it all.',
    '',
  ]
}

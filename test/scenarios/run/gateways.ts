// The gateway under test and a neighbour: two nodes that are friends, so that lobbies have participants of elsewhere.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { askGateway } from '../../../src/admin/client.ts'
import { adminSocket } from '../../../src/admin/protocol.ts'
import { loadConfig } from '../../../src/config.ts'
import { type Gateway, startGateway } from '../../../src/gateway.ts'
import { mapWhen } from '../../support/map-events.ts'

export interface GatewaySettings {
  /** Accounts of the embedded servers: of the gateway under test, of the neighbour, of the one without a network. */
  readonly accounts: {
    readonly own: readonly string[]
    /** Of the gateway under test, wherever they have their accounts. */
    readonly operators: readonly string[]
    readonly next: readonly string[]
    readonly alone: readonly string[]
  }
  readonly password: string
  /** Instead of the embedded server: the host server on loopback. */
  readonly component?: { readonly port: number; readonly secret: string }
}

/** A lobby that the neighbour made, as both know it. */
export interface SharedLobby {
  readonly room: string
  readonly roomOfNeighbour: string
  /** A short name that the gateway under test has for it. */
  readonly alias: string
}

export interface Gateways {
  /** Port of the embedded server; 0 when there is none. */
  readonly c2s: number
  readonly neighbourC2s: number
  /** Of a gateway without a network. */
  readonly aloneC2s: number
  lobby(name: string): Promise<SharedLobby>
  close(): Promise<void>
}

interface MapView {
  readonly networks: readonly {
    readonly lobbies: readonly { readonly id: string; readonly room: string }[]
  }[]
}

/** Starts both in this process, and makes them friends. */
export async function startGateways(settings: GatewaySettings): Promise<Gateways> {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-scenarios-'))
  const own = join(folder, 'own')
  const next = join(folder, 'neighbour')
  const alone = join(folder, 'alone')
  const component: Record<string, string> = settings.component
    ? {
        FOYER_XMPP__SERVER: 'null',
        FOYER_XMPP__COMPONENT__HOST: '127.0.0.1',
        FOYER_XMPP__COMPONENT__PORT: String(settings.component.port),
        FOYER_XMPP__COMPONENT__SECRET: settings.component.secret,
      }
    : {}
  const started: Gateway[] = []
  const close = async (): Promise<void> => {
    await Promise.all(started.map((gateway) => gateway.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    let link = (): void => {}
    const linked = new Promise<void>((resolve) => {
      link = resolve
    })
    const operators = settings.accounts.operators.map((name) => `${name}@localhost`)
    const log = pino({}, { write: (line: string) => line.includes('component linked') && link() })
    started.push(
      await startGateway(configOf(own, { ...component, FOYER_XMPP__ADMINS: JSON.stringify(operators) }), log),
    )
    started.push(await startGateway(configOf(next, {}), pino({ level: 'silent' })))
    started.push(await startGateway(configOf(alone, { FOYER_RETROSHARE: 'null' }), pino({ level: 'silent' })))
    if (settings.component) await linked
    const [gateway, neighbour, lonely] = started as [Gateway, Gateway, Gateway]
    const { accounts } = settings
    const users = [
      ...accounts.own.map((name) => [own, name] as const),
      ...accounts.next.map((name) => [next, name] as const),
      ...accounts.alone.map((name) => [alone, name] as const),
    ]
    for (const [data, name] of users) await ask(data, 'user add', { name, password: settings.password })
    await ask(next, 'friend add', { invite: await ask(own, 'invite', { long: true }) })
    await ask(own, 'friend add', { invite: await ask(next, 'invite', { long: true }) })
    return {
      c2s: gateway.ports.c2s ?? 0,
      neighbourC2s: neighbour.ports.c2s as number,
      aloneC2s: lonely.ports.c2s as number,
      lobby: async (name) => {
        const id = await ask(next, 'lobby create', { network: 'retroshare', name })
        const room = async (of: Gateway): Promise<string> => {
          const find = (map: MapView) => map.networks[0]?.lobbies.find((lobby) => lobby.id === id)?.room
          return find(await mapWhen<MapView>(of.ports.http as number, (map) => !!find(map))) as string
        }
        const [address, roomOfNeighbour] = [await room(gateway), await room(neighbour)]
        const localpart = `alias-${id}`
        await ask(own, 'lobby alias', { id, alias: localpart })
        return { room: address, roomOfNeighbour, alias: `${localpart}@${address.split('@')[1]}` }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

const ask = (data: string, command: string, args: Readonly<Record<string, unknown>>): Promise<unknown> =>
  askGateway(adminSocket(data), command, args)

const configOf = (data: string, env: Readonly<Record<string, string>>) =>
  loadConfig({
    dataOverride: data,
    env: {
      FOYER_HTTP__LISTEN: '127.0.0.1:0',
      ...(env.FOYER_RETROSHARE === undefined && { FOYER_RETROSHARE__LISTEN: '127.0.0.1:0' }),
      ...(env.FOYER_XMPP__SERVER === undefined && {
        FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
        FOYER_XMPP__SERVER__AUTH: 'both',
      }),
      ...env,
    },
  })

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
  /** Accounts of the embedded server of the gateway under test. */
  readonly accounts: readonly string[]
  readonly password: string
  /** Instead of the embedded server: the host server on loopback. */
  readonly component?: { readonly port: number; readonly secret: string }
}

/** A lobby that the neighbour made, as both know it. */
export interface SharedLobby {
  readonly room: string
  readonly roomOfNeighbour: string
}

export interface Gateways {
  /** Port of the embedded server; 0 when there is none. */
  readonly c2s: number
  readonly neighbourC2s: number
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
    for (const [data, env] of [
      [own, component],
      [next, {}],
    ] as const)
      started.push(await startGateway(configOf(data, env), pino({ level: 'silent' })))
    const [gateway, neighbour] = started as [Gateway, Gateway]
    const users = [
      ...settings.accounts.map((name) => [own, name] as const),
      ...['alice0', 'bob0'].map((name) => [next, name] as const),
    ]
    for (const [data, name] of users) await ask(data, 'user add', { name, password: settings.password })
    await ask(next, 'friend add', { invite: await ask(own, 'invite', { long: true }) })
    await ask(own, 'friend add', { invite: await ask(next, 'invite', { long: true }) })
    return {
      c2s: gateway.ports.c2s ?? 0,
      neighbourC2s: neighbour.ports.c2s as number,
      lobby: async (name) => {
        const id = await ask(next, 'lobby create', { network: 'retroshare', name })
        const room = async (of: Gateway): Promise<string> => {
          const find = (map: MapView) => map.networks[0]?.lobbies.find((lobby) => lobby.id === id)?.room
          return find(await mapWhen<MapView>(of.ports.http as number, (map) => !!find(map))) as string
        }
        return { room: await room(gateway), roomOfNeighbour: await room(neighbour) }
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
      FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
      ...(env.FOYER_XMPP__SERVER === undefined && {
        FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
        FOYER_XMPP__SERVER__AUTH: 'both',
      }),
      ...env,
    },
  })

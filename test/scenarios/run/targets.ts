// Where scenarios are played: Foyer's embedded server, Foyer behind a host server, and the rooms of other servers.
import { serialize } from '../../../src/stanza/xml.ts'
import { startEjabberd } from '../../support/ejabberd.ts'
import type { HostServer } from '../../support/host-server.ts'
import { startProsody } from '../../support/prosody.ts'
import { Actor } from './actor.ts'
import { type GatewaySettings, type Gateways, type SharedLobby, startGateways } from './gateways.ts'
import { enterRoom } from './macros.ts'
import type { Stage } from './play.ts'
import { CAST, type Scenario } from './scenario-file.ts'

export const TARGETS = ['embedded', 'via-prosody', 'via-ejabberd', 'prosody', 'ejabberd'] as const
export type TargetName = (typeof TARGETS)[number]

/** Whether a target has what a scenario needs beside a MUC service. */
export function canPlay(name: TargetName, { needs }: Scenario): boolean {
  if (name === 'prosody' || name === 'ejabberd') return needs.length === 0
  // What lobbies bring is the same whoever serves the clients.
  return name === 'embedded' || (!needs.includes('own server') && !needs.includes('resident'))
}

export interface Target {
  readonly name: TargetName
  /** A stage with what a scenario needs; nothing else may be played in the same `slot` meanwhile. */
  stage(needs: readonly string[], slot: number): Promise<Stage>
  close(): Promise<void>
}

/** Scenarios that are played at the same time; each slot has accounts of its own. */
export const SLOTS = 8
/** Scenarios with an operator are fewer. */
const MAX_OPERATORS = 100
const PASSWORD = 'wherefore'
const COMPONENT = { domain: 'lobbies.localhost', secret: 'scenarios' }
/** The sessions that live on the neighbour's node, where there is one. */
const NEIGHBOURS: readonly string[] = ['alice', 'bob']
const LOCALS = CAST.filter((name) => !NEIGHBOURS.includes(name))

/** Starts what the target needs. */
export async function openTarget(name: TargetName): Promise<Target> {
  switch (name) {
    case 'embedded': {
      const gateways = await startGateways({ accounts: accounts(accountsOf(LOCALS)), password: PASSWORD })
      return new FoyerTarget(name, gateways, gateways.c2s, [])
    }
    case 'via-prosody':
      return behind(name, await startProsody({ component: COMPONENT }))
    case 'via-ejabberd':
      return behind(name, await startEjabberd({ component: COMPONENT }))
    case 'prosody':
      return new PeerTarget(name, await startProsody({ muc: 'rooms.localhost' }))
    case 'ejabberd':
      return new PeerTarget(name, await startEjabberd({ muc: 'rooms.localhost' }))
    default:
      return name satisfies never
  }
}

async function behind(name: TargetName, host: HostServer): Promise<Target> {
  const settings: GatewaySettings = {
    accounts: accounts([]),
    password: PASSWORD,
    component: { port: host.ports.component, secret: COMPONENT.secret },
  }
  try {
    return new FoyerTarget(name, await startGateways(settings), host.ports.c2s, [host])
  } catch (error) {
    await host.dispose()
    throw error
  }
}

const accountsOf = (names: readonly string[]): string[] =>
  Array.from({ length: SLOTS }, (_, slot) => names.map((name) => accountOf(name, slot))).flat()

const accounts = (own: readonly string[]): GatewaySettings['accounts'] => ({
  own,
  operators: Array.from({ length: MAX_OPERATORS }, (_, number) => accountOf('operator', number)),
  next: NEIGHBOURS.map((name) => accountOf(name, 0)),
  alone: accountsOf(['romeo']),
})

const accountOf = (name: string, slot: number): string => `${name.split('/')[0]}${slot}`

let lastStage = 0

/** Logs `actor` in under an account of the given number, with a resource that nobody had before. */
const login = (actor: string, port: number, account: number): Promise<Actor> =>
  Actor.login(actor, {
    port,
    name: accountOf(actor, account),
    password: PASSWORD,
    resource: `${actor.split('/')[1] ?? 'orchard'}-${++lastStage}`,
  })

interface Residence {
  readonly lobby: SharedLobby
  readonly alice: Actor
}

class FoyerTarget implements Target {
  readonly name: TargetName
  readonly #gateways: Gateways
  readonly #port: number
  readonly #hosts: readonly HostServer[]
  #made: Promise<Residence> | undefined
  #operators = 0

  constructor(name: TargetName, gateways: Gateways, port: number, hosts: readonly HostServer[]) {
    this.name = name
    this.#gateways = gateways
    this.#port = port
    this.#hosts = hosts
  }

  async stage(needs: readonly string[], slot: number): Promise<Stage> {
    const service = COMPONENT.domain
    const residence = needs.includes('resident') ? await this.#residence() : null
    const lobby = needs.includes('lobby')
      ? await this.#gateways.lobby(`Scene ${++lastStage}`)
      : residence?.lobby
    const room = lobby?.room ?? `scene-${++lastStage}@${service}`
    // ejabberd ends sessions of a guest whose name was given back a moment ago, so no name is taken twice.
    const operator = this.#hosts.length > 0 && needs.includes('operator') ? this.#operators++ : slot
    // A host server takes any name; the accounts of the embedded server are those of the slots.
    const account = this.#hosts.length > 0 ? lastStage : slot
    return {
      isFoyer: true,
      bindings: {
        service,
        domain: 'localhost',
        other: `other-${lastStage}@${service}`,
        ...(lobby && { alias: lobby.alias }),
      },
      roomOf: (actor) => (lobby && NEIGHBOURS.includes(actor) ? lobby.roomOfNeighbour : room),
      login: async (actor) => {
        if (residence && actor === 'alice') return residence.alice
        if (NEIGHBOURS.includes(actor)) return login(actor, this.#gateways.neighbourC2s, 0)
        // The same accounts wherever they are: the gateway is told beforehand who runs it.
        if (actor.startsWith('operator')) return login(actor, this.#port, operator)
        if (needs.includes('no network')) return login(actor, this.#gateways.aloneC2s, slot)
        return login(actor, this.#port, account)
      },
      release: (actor) => {
        if (actor !== residence?.alice) actor.cut()
      },
    }
  }

  /** A lobby that alice has entered at the neighbour's node, and stays in: speakers are not heard of at once. */
  #residence(): Promise<Residence> {
    this.#made ??= this.#gateways.lobby('Residence').then(async (lobby) => {
      const alice = await login('alice', this.#gateways.neighbourC2s, 0)
      alice.send(serialize(enterRoom(lobby.roomOfNeighbour, 'Alice')))
      return { lobby, alice }
    })
    return this.#made
  }

  async close(): Promise<void> {
    await this.#gateways.close()
    for (const host of this.#hosts) await host.dispose()
  }
}

/** A server with a MUC service of its own: what it does is compared with what Foyer does. */
class PeerTarget implements Target {
  readonly name: TargetName
  readonly #host: HostServer

  constructor(name: TargetName, host: HostServer) {
    this.name = name
    this.#host = host
  }

  async stage(): Promise<Stage> {
    const service = 'rooms.localhost'
    const account = ++lastStage
    const room = `scene-${account}@${service}`
    return {
      isFoyer: false,
      bindings: { service, domain: 'localhost', other: `other-${account}@${service}` },
      roomOf: () => room,
      login: (actor) => login(actor, this.#host.ports.c2s, account),
      release: (actor) => actor.cut(),
    }
  }

  close(): Promise<void> {
    return this.#host.dispose()
  }
}

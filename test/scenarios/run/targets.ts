// Where scenarios are played: Foyer's embedded server, Foyer behind a host server, and the rooms of other servers.
import { startEjabberd } from '../../support/ejabberd.ts'
import type { HostServer } from '../../support/host-server.ts'
import { startProsody } from '../../support/prosody.ts'
import { Actor } from './actor.ts'
import { type GatewaySettings, type Gateways, startGateways } from './gateways.ts'
import type { Stage } from './play.ts'
import type { Scenario } from './scenario-file.ts'

export const TARGETS = ['embedded', 'via-prosody', 'via-ejabberd', 'prosody', 'ejabberd'] as const
export type TargetName = (typeof TARGETS)[number]

export interface Target {
  /** Whether it has what the scenario needs beside a MUC service. */
  canPlay(scenario: Scenario): boolean
  /** A stage for one scenario; nothing else may be played in the same `slot` meanwhile. */
  stage(scenario: Scenario, slot: number): Promise<Stage>
  close(): Promise<void>
}

/** Scenarios that are played at the same time; each slot has accounts of its own. */
export const SLOTS = 8
const PASSWORD = 'wherefore'
const COMPONENT = { domain: 'lobbies.localhost', secret: 'scenarios' }
/** The sessions that live on the neighbour's node, where there is one. */
const NEIGHBOURS: ReadonlySet<string> = new Set(['alice', 'bob'])
const LOCALS = ['romeo', 'juliet', 'mercutio', 'tybalt', 'benvolio']

/** Starts what the target needs. */
export async function openTarget(name: TargetName): Promise<Target> {
  switch (name) {
    case 'embedded': {
      const gateways = await startGateways({ accounts: accountsOf(LOCALS), password: PASSWORD })
      return new FoyerTarget(gateways, gateways.c2s, [])
    }
    case 'via-prosody':
      return behind(await startProsody({ component: COMPONENT }))
    case 'via-ejabberd':
      return behind(await startEjabberd({ component: COMPONENT }))
    case 'prosody':
      return new PeerTarget(await startProsody({ muc: 'rooms.localhost' }))
    case 'ejabberd':
      return new PeerTarget(await startEjabberd({ muc: 'rooms.localhost' }))
    default:
      return name satisfies never
  }
}

async function behind(host: HostServer): Promise<Target> {
  const settings: GatewaySettings = {
    accounts: [],
    password: PASSWORD,
    component: { port: host.ports.component, secret: COMPONENT.secret },
  }
  try {
    return new FoyerTarget(await startGateways(settings), host.ports.c2s, [host])
  } catch (error) {
    await host.dispose()
    throw error
  }
}

const accountsOf = (names: readonly string[]): string[] =>
  Array.from({ length: SLOTS }, (_, slot) => names.map((name) => accountOf(name, slot))).flat()

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

class FoyerTarget implements Target {
  readonly #gateways: Gateways
  readonly #port: number
  readonly #hosts: readonly HostServer[]

  constructor(gateways: Gateways, port: number, hosts: readonly HostServer[]) {
    this.#gateways = gateways
    this.#port = port
    this.#hosts = hosts
  }

  canPlay(): boolean {
    return true
  }

  async stage(scenario: Scenario, slot: number): Promise<Stage> {
    const service = COMPONENT.domain
    const lobby = scenario.needs.includes('lobby') ? await this.#gateways.lobby(`Scene ${++lastStage}`) : null
    const room = lobby?.room ?? `scene-${++lastStage}@${service}`
    // A host server takes any name; the accounts of the embedded server are those of the slots.
    const account = this.#hosts.length > 0 ? lastStage : slot
    return {
      isFoyer: true,
      bindings: { service, domain: 'localhost', other: `other-${lastStage}@${service}` },
      roomOf: (actor) => (lobby && NEIGHBOURS.has(actor) ? lobby.roomOfNeighbour : room),
      login: async (actor) =>
        NEIGHBOURS.has(actor)
          ? login(actor, this.#gateways.neighbourC2s, 0)
          : login(actor, this.#port, account),
    }
  }

  async close(): Promise<void> {
    await this.#gateways.close()
    for (const host of this.#hosts) await host.dispose()
  }
}

/** A server with a MUC service of its own: what it does is compared with what Foyer does. */
class PeerTarget implements Target {
  readonly #host: HostServer

  constructor(host: HostServer) {
    this.#host = host
  }

  canPlay(scenario: Scenario): boolean {
    return scenario.needs.length === 0
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
    }
  }

  close(): Promise<void> {
    return this.#host.dispose()
  }
}

// Plays one scenario on a stage: sends what it says, and compares what comes with what it wants.
import { type Element, serialize } from '../../../src/stanza/xml.ts'
import type { Actor } from './actor.ts'
import { hygiene } from './hygiene.ts'
import { configureRoom, enterRoom, leaveRoom, sayInRoom, setItem } from './macros.ts'
import { type Bindings, fillElement, matchElement } from './pattern.ts'
import { castOf, type Scenario, type Step } from './scenario-file.ts'

/** A place where a scenario can be played, with rooms that nobody else uses. */
export interface Stage {
  /** Foyer answers: its errors are held to more than those of others. */
  readonly isFoyer: boolean
  /** Values that the scenario can name, such as `service`. */
  readonly bindings: Bindings
  /** The address of the scenario's room, as this session knows it. */
  roomOf(actor: string): string
  login(actor: string): Promise<Actor>
  /** The scenario needs the session no longer. */
  release(actor: Actor): void
}

/** `line` and `why` tell where and how it failed, with all that came. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly why: string }

class Failed extends Error {}

/** Never rejects: what goes wrong is its outcome. `deadlineMs` is how long a wanted stanza may take. */
export async function play(scenario: Scenario, stage: Stage, deadlineMs: number): Promise<Outcome> {
  const steps = (stage.isFoyer && scenario.foyer?.steps) || scenario.steps
  const performance = new Performance(stage, deadlineMs)
  let at: Step | undefined
  try {
    await performance.enterStage(steps)
    for (at of steps) await performance.perform(at)
    at = undefined
    await performance.settle()
    const untidy = hygiene(performance.sent, performance.actors, stage)
    return untidy === undefined ? { ok: true } : { ok: false, why: untidy }
  } catch (error) {
    const where = at ? `line ${at.line}: ${at.text}\n` : ''
    const why = error instanceof Failed ? error.message : String((error as Error).stack)
    return { ok: false, why: where + why + performance.account() }
  } finally {
    for (const actor of performance.actors.values()) stage.release(actor)
  }
}

class Performance {
  readonly actors = new Map<string, Actor>()
  readonly sent: { readonly actor: string; readonly stanza: Element }[] = []
  readonly #stage: Stage
  readonly #deadlineMs: number
  readonly #nicks = new Map<string, string>()
  /** Sessions that sent something which may not be handled yet. */
  readonly #unsettled = new Set<Actor>()
  #bindings: Bindings
  #lastId = 0

  constructor(stage: Stage, deadlineMs: number) {
    this.#stage = stage
    this.#deadlineMs = deadlineMs
    this.#bindings = stage.bindings
  }

  /** All sessions that the steps name log in, one after the other. */
  async enterStage(steps: readonly Step[]): Promise<void> {
    for (const name of castOf(steps)) {
      const actor = await this.#stage.login(name)
      this.actors.set(name, actor)
      this.#bindings = { ...this.#bindings, [name]: actor.full, [`${name}.bare`]: actor.bare }
    }
    // Sessions of one account see each other come.
    const domain = this.#bindings.domain as string
    await Promise.all([...this.actors.values()].map((actor) => this.#fence(actor, domain)))
    for (const actor of this.actors.values()) actor.forget()
  }

  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send':
        for (const stanza of step.stanzas) this.#send(step.actor, fillElement(stanza, this.#of(step.actor)))
        return
      case 'get':
        return this.#get(step)
      case 'get-no':
        return this.#getNo(step)
      case 'forget':
        return this.#forget()
      case 'create':
        this.#nicks.set(step.actor, step.nick)
        this.#send(step.actor, enterRoom(this.#room(step.actor), step.nick))
        await this.#entered(step.actor)
        return this.#succeed(step.actor, (id) => configureRoom(this.#room(step.actor), id, step.fields))
      case 'configure':
        return this.#succeed(step.actor, (id) => configureRoom(this.#room(step.actor), id, step.fields))
      case 'enter':
        this.#nicks.set(step.actor, step.nick)
        this.#send(step.actor, enterRoom(this.#room(step.actor), step.nick))
        return this.#entered(step.actor)
      case 'leave':
        this.#send(step.actor, leaveRoom(this.#room(step.actor), this.#nicks.get(step.actor) ?? step.nick))
        return this.#forget()
      case 'say': {
        const id = this.#newId()
        this.#send(step.actor, sayInRoom(this.#room(step.actor), id, step.body))
        await this.#await(step.actor, (s) => s.name === 'message' && s.attrs.id === id, 'reflection')
        return this.#forget()
      }
      case 'affiliate': {
        const jid = this.#actor(step.who).bare
        const item = { affiliation: step.affiliation, jid }
        return this.#succeed(step.actor, (id) => setItem(this.#room(step.actor), id, item))
      }
      case 'empower': {
        const item = { role: step.role, nick: this.#nicks.get(step.who) ?? step.who }
        return this.#succeed(step.actor, (id) => setItem(this.#room(step.actor), id, item))
      }
      case 'cut':
        this.#actor(step.actor).cut()
        return
      default:
        return step satisfies never
    }
  }

  /** Resolves when everything that was sent is handled and everything that came of it is here. */
  async settle(): Promise<void> {
    const first = [...this.#unsettled]
    const others = [...this.actors.values()].filter((actor) => !this.#unsettled.has(actor))
    this.#unsettled.clear()
    for (const actors of [first, [...others, ...first]])
      await Promise.all(actors.map((actor) => this.#fence(actor, this.#room(actor.name))))
  }

  /** What every session got and nothing asked for, for the message of a failure. */
  account(): string {
    return [...this.actors.values()]
      .map((actor) => {
        const lines = actor.unread.map((stanza) => `\n    ${serialize(stanza)}`)
        return `\n  unread at ${actor.name}:${lines.join('') || ' nothing'}`
      })
      .join('')
  }

  async #fence(actor: Actor, address: string): Promise<void> {
    // ejabberd answers nothing to what reaches a room that is just ending; Foyer answers everything.
    const attempts = this.#stage.isFoyer ? 1 : 4
    for (let i = 0; i < attempts; i++) if (await actor.fence(address, this.#deadlineMs / attempts)) return
    throw new Failed(`  ${actor.name} got no answer to a ping of ${address}`)
  }

  #actor(name: string): Actor {
    const actor = this.actors.get(name)
    if (!actor) throw new Failed(`there is no session ${name}`)
    return actor
  }

  #room(actor: string): string {
    return this.#stage.roomOf(actor)
  }

  /** Bindings as `actor` sees them: its own address of the room. */
  #of(actor: string): Bindings {
    return { ...this.#bindings, room: this.#room(actor) }
  }

  #newId(): string {
    return `step-${++this.#lastId}`
  }

  #send(actor: string, stanza: Element): void {
    this.sent.push({ actor, stanza })
    this.#unsettled.add(this.#actor(actor))
    this.#actor(actor).send(serialize(stanza))
  }

  async #get(step: Step & { kind: 'get' }): Promise<void> {
    const actor = this.#actor(step.actor)
    const deadline = performance.now() + this.#deadlineMs
    let from = 0
    for (const pattern of step.patterns) {
      const found = await this.#find(actor, pattern, step.isOrdered ? from : 0, deadline)
      from = found
    }
    if (!step.isAll) return
    await this.settle()
    const isMore = (s: Element): boolean => s.name !== 'presence' || s.attrs.from !== this.#room(actor.name)
    // A room may show itself, its capabilities and picture, at any time (XEP-0486).
    if (actor.unread.some(isMore)) throw new Failed(`  ${actor.name} got more than that`)
  }

  /** Takes the first stanza at or behind `from` that matches; returns where it was. */
  async #find(actor: Actor, pattern: Element, from: number, deadline: number): Promise<number> {
    for (;;) {
      const reasons: string[] = []
      for (let at = from; at < actor.unread.length; at++) {
        const stanza = actor.unread[at] as Element
        const match = matchElement(pattern, stanza, this.#of(actor.name))
        if (match.ok) {
          const { room: _, ...learned } = match.bindings
          this.#bindings = { ...this.#bindings, ...learned }
          actor.unread.splice(at, 1)
          return at
        }
        if (stanza.getName() === pattern.getName()) reasons.push(match.why)
      }
      const left = deadline - performance.now()
      if (left <= 0 || !actor.isOnline) {
        const why = reasons.map((reason) => `\n    no match: ${reason}`).join('')
        throw new Failed(`  ${actor.name} did not get\n    ${pattern}${why}`)
      }
      await actor.more(left)
    }
  }

  async #getNo(step: Step & { kind: 'get-no' }): Promise<void> {
    await this.settle()
    const actor = this.#actor(step.actor)
    for (const pattern of step.patterns)
      for (const stanza of actor.unread)
        if (matchElement(pattern, stanza, this.#of(actor.name)).ok)
          throw new Failed(`  ${actor.name} got\n    ${stanza}`)
  }

  async #forget(): Promise<void> {
    await this.settle()
    for (const actor of this.actors.values()) actor.forget()
  }

  /** Awaits the own presence of a join, or its refusal; then everybody forgets. */
  async #entered(name: string): Promise<void> {
    const nick = this.#nicks.get(name)
    const room = this.#room(name)
    const isEnd = (s: Element): boolean => s.name === 'presence' && s.attrs.from === `${room}/${nick}`
    const end = await this.#await(name, isEnd, 'presence of its own')
    if (end.attrs.type === 'error') throw new Failed(`  ${name} was refused: ${end}`)
    return this.#forget()
  }

  /** Sends a request that must succeed; then everybody forgets. */
  async #succeed(name: string, request: (id: string) => Element): Promise<void> {
    const id = this.#newId()
    this.#send(name, request(id))
    const answer = await this.#await(name, (s) => s.name === 'iq' && s.attrs.id === id, 'answer')
    if (answer.attrs.type !== 'result') throw new Failed(`  ${name} was refused: ${answer}`)
    return this.#forget()
  }

  async #await(name: string, matches: (stanza: Element) => boolean, what: string): Promise<Element> {
    const actor = this.#actor(name)
    const deadline = performance.now() + this.#deadlineMs
    for (;;) {
      const found = actor.unread.find(matches)
      if (found) return found
      const left = deadline - performance.now()
      if (left <= 0 || !actor.isOnline) throw new Failed(`  ${name} got no ${what}`)
      await actor.more(left)
    }
  }
}

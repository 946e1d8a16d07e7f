/** What goes between XMPP users and the gateway: counted where it passes, and shown when an operator traces it. */
import type { Sample } from '../ops/polled.ts'
import type { Jid } from '../stanza/jid.ts'
import { STANZA_ERROR_CONDITIONS } from '../stanza/stanza-error.ts'
import { addressed, type Element, elements, escapeAttribute, serialize } from '../stanza/xml.ts'
import type { Traces } from './traces.ts'
import type { XmppSide } from './xmpp-sides.ts'

type Direction = 'in' | 'out'

/** Stanzas and errors since the start. */
export class Traffic {
  readonly #traces: Traces
  readonly #stanzas = { in: newKinds(), out: newKinds() }
  readonly #errors = { in: new Map<string, number>(), out: new Map<string, number>() }

  constructor(traces: Traces) {
    this.#traces = traces
  }

  /** From an XMPP user. */
  received(from: Jid, stanza: Element): void {
    this.#count('in', stanza, 1)
    if (this.#traces.isOn) this.#traces.note('in', from.full, () => serialize(stanza))
  }

  /** All that is sent by `side`, counted. */
  watch(side: XmppSide): XmppSide {
    return {
      isReachable: (account) => side.isReachable(account),
      send: (to, stanza) => {
        this.#count('out', stanza, 1)
        if (this.#traces.isOn) this.#traces.note('out', to, () => serialize(stanza))
        side.send(to, stanza)
      },
      fanout: (stanza, to) => {
        this.#stanzas.out[kindOf(stanza.name)] += to.length
        if (this.#traces.isOn)
          for (const full of to)
            this.#traces.note('out', full, () => addressed(stanza, escapeAttribute(full)))
        side.fanout(stanza, to)
      },
    }
  }

  /** By `direction` and `kind`. */
  *stanzas(): Generator<Sample> {
    for (const [direction, kinds] of Object.entries(this.#stanzas))
      for (const [kind, count] of Object.entries(kinds)) yield [{ direction, kind }, count]
  }

  /** By `direction` and `condition`. */
  *errors(): Generator<Sample> {
    for (const [direction, conditions] of Object.entries(this.#errors))
      for (const [condition, count] of conditions) yield [{ direction, condition }, count]
  }

  #count(direction: Direction, stanza: Element, copies: number): void {
    this.#stanzas[direction][kindOf(stanza.name)] += copies
    if (stanza.attrs.type !== 'error') return
    const errors = this.#errors[direction]
    const condition = conditionOf(stanza)
    errors.set(condition, (errors.get(condition) ?? 0) + copies)
  }
}

const newKinds = () => ({ message: 0, presence: 0, iq: 0 })

const kindOf = (name: string): 'message' | 'presence' | 'iq' =>
  name === 'message' || name === 'presence' ? name : 'iq'

/** `other` for what no specification knows: strangers must not make labels. */
function conditionOf(stanza: Element): string {
  const error = elements(stanza).find((child) => child.getName() === 'error')
  const names = error ? elements(error).map((child) => child.getName()) : []
  return names.find((name) => STANZA_ERROR_CONDITIONS.has(name)) ?? 'other'
}

/** What an ad-hoc command is, whatever it does: XEP-0050. */
import type { FormField } from '../stanza/data-form.ts'
import type { Jid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'

/** What was filled in: values by field name, checked against the fields; what was left empty is not there. */
export type Answers = ReadonlyMap<string, string>

/** What came of a command: a note for people, or a form to read, or both. */
export interface Outcome {
  readonly note?: { readonly type: 'info' | 'warn' | 'error'; readonly text: string }
  readonly form?: Element
}

/** A command for whoever may run it. */
export interface AdHocCommand {
  /** Unique on the service. */
  readonly node: string
  /** For people. */
  readonly name: string
  /** Only operators may run it. */
  readonly isOperators?: boolean
  /** What is asked before it runs, by who asks; nothing when there are no fields. Of each field one value is taken, but of `text-multi`. */
  fields(asker: Jid): Promise<readonly FormField[]>
  /** How to fill the form in. */
  readonly instructions?: string
  /** Said, and to be confirmed, before it runs. */
  readonly warning?: string
  /** Never rejects but for bugs. */
  run(asker: Jid, answers: Answers): Promise<Outcome>
}

/** The commands of a service. */
export interface AdHocCommands {
  /** Those that the asker may run, in the order in which they are listed. */
  list(asker: Jid): readonly AdHocCommand[]
  /** `forbidden`: there is one, for others. */
  find(node: string, asker: Jid): AdHocCommand | 'forbidden' | undefined
}

/** Ad-hoc commands of the service: XEP-0050. Every request is answered once, slow ones when they are done. */
import type { Logger } from 'pino'
import { type FormField, formElement } from '../stanza/data-form.ts'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { errorReply, iqResult, type StanzaError } from '../stanza/stanza-error.ts'
import { type Element, el, elements } from '../stanza/xml.ts'
import type { AdHocCommand, AdHocCommands, Answers, Outcome } from './ad-hoc-command.ts'
import { readAnswers } from './command-answers.ts'
import { type CommandSession, CommandSessions } from './command-sessions.ts'

/** Commands that run at the same time; further ones are to be tried again. */
const MAX_RUNNING = 32

export interface AdHocOptions {
  /** The address of the service. */
  readonly domain: string
  readonly commands: AdHocCommands
  readonly log: Logger
  send(to: string, stanza: Element): void
  nowMs(): number
  /** Ids that nobody guesses. */
  newId(): string
}

/** A request to carry a command on, or out. */
interface Request {
  readonly from: Jid
  readonly iq: Element
  readonly element: Element
  readonly command: AdHocCommand
}

/** What clients may do next beside cancelling. The first of them is what `execute` means. */
type Action = 'next' | 'prev' | 'complete'

const ACTIONS: readonly string[] = ['execute', 'prev', 'next', 'complete', 'cancel']
/** As the schema has them. */
const IN_ORDER: readonly Action[] = ['prev', 'next', 'complete']
const LANGUAGE = /^([a-z]{1,8}(-[a-z0-9]{1,8})*)?$/i

const bad = (condition: string, text: string): StanzaError => ({
  type: 'modify',
  condition: 'bad-request',
  text,
  detail: el(condition, { xmlns: NS.commands }),
})
const EXPIRED: StanzaError = {
  type: 'cancel',
  condition: 'not-allowed',
  text: 'This command has waited for too long: start it again.',
  detail: el('session-expired', { xmlns: NS.commands }),
}
const FORBIDDEN: StanzaError = {
  type: 'auth',
  condition: 'forbidden',
  text: 'This command is for operators of this gateway.',
}
const UNKNOWN: StanzaError = {
  type: 'cancel',
  condition: 'item-not-found',
  text: 'There is no such command.',
}
const BUSY: StanzaError = {
  type: 'wait',
  condition: 'resource-constraint',
  text: 'Too many commands are being carried out; try again soon.',
}

export class AdHoc {
  readonly #options: AdHocOptions
  readonly #sessions = new CommandSessions()
  #running = 0

  constructor(options: AdHocOptions) {
    this.#options = options
  }

  /** Answers what a session asks the service about commands. False when the stanza is about something else. */
  takes(from: Jid, stanza: Element): boolean {
    const { type } = stanza.attrs
    const [payload, ...more] = stanza.name === 'iq' ? elements(stanza) : []
    const to = parseJid(String(stanza.attrs.to))
    if (to?.full !== this.#options.domain) return false
    if (!payload || more.length > 0 || (type !== 'get' && type !== 'set')) return false
    const ns = payload.getNS()
    if (ns === NS.commands && payload.getName() === 'command') this.#onCommand(from, stanza, payload)
    else if (type === 'get' && payload.getName() === 'query' && ns === NS.discoItems)
      return this.#lists(from, stanza, payload)
    else if (type === 'get' && payload.getName() === 'query' && ns === NS.discoInfo)
      return this.#describes(from, stanza, payload)
    else return false
    return true
  }

  /** A session (full JID) is gone. */
  onSessionEnded(session: string): void {
    this.#sessions.end(session)
  }

  #send(from: Jid, stanza: Element): void {
    stanza.attrs.to = from.full
    this.#options.send(from.full, stanza)
  }

  #refuse(from: Jid, iq: Element, error: StanzaError): void {
    this.#send(from, errorReply(iq, error))
  }

  /** XEP-0050 §2.2. */
  #lists(from: Jid, iq: Element, query: Element): boolean {
    if (query.attrs.node !== NS.commands) return false
    const items = this.#options.commands
      .list(from)
      .map(({ node, name }) => el('item', { jid: iq.attrs.to, node, name }))
    this.#send(from, iqResult(iq, el('query', { xmlns: NS.discoItems, node: NS.commands }, ...items)))
    return true
  }

  /** XEP-0050 §2.1 and §2.3. */
  #describes(from: Jid, iq: Element, query: Element): boolean {
    const { node } = query.attrs
    if (node === undefined) return false
    if (node === NS.commands) {
      const features = [NS.discoInfo, NS.discoItems]
      this.#describe(from, iq, { node, type: 'command-list', name: 'Commands', features })
      return true
    }
    const command = this.#options.commands.find(node, from)
    if (command === 'forbidden') this.#refuse(from, iq, FORBIDDEN)
    else if (command) {
      const features = [NS.commands, NS.dataForms]
      this.#describe(from, iq, { node, type: 'command-node', name: command.name, features })
    } else return false
    return true
  }

  #describe(
    from: Jid,
    iq: Element,
    about: {
      readonly node: string
      readonly type: string
      readonly name: string
      readonly features: readonly string[]
    },
  ): void {
    const { node, type, name, features } = about
    const query = el(
      'query',
      { xmlns: NS.discoInfo, node },
      el('identity', { category: 'automation', type, name }),
      ...features.map((feature) => el('feature', { var: feature })),
    )
    this.#send(from, iqResult(iq, query))
  }

  #onCommand(from: Jid, iq: Element, element: Element): void {
    const command = this.#options.commands.find(element.attrs.node ?? '', from)
    const { sessionid, action = 'execute' } = element.attrs
    const error = misuse(iq, element, command)
    if (error || !command || command === 'forbidden') this.#refuse(from, iq, error ?? UNKNOWN)
    else if (this.#running >= MAX_RUNNING) this.#refuse(from, iq, BUSY)
    else if (sessionid === undefined) this.#begin({ from, iq, element, command })
    else this.#continue({ from, iq, element, command }, sessionid, action)
  }

  #begin(request: Request): void {
    const { from, iq, element, command } = request
    if ((element.attrs.action ?? 'execute') !== 'execute') {
      this.#refuse(from, iq, bad('bad-action', 'A command begins with the action execute.'))
      return
    }
    const session: CommandSession = {
      id: this.#options.newId(),
      owner: from.full,
      node: command.node,
      isOperators: command.isOperators ?? false,
      step: 'form',
      answers: new Map(),
      sinceMs: this.#options.nowMs(),
    }
    this.#answerWith(request, async () => {
      const fields = await command.fields(from)
      if (fields.length > 0) return this.#ask(request, session, fields)
      return command.warning === undefined
        ? this.#run(request, session)
        : this.#ask(request, { ...session, step: 'warning' }, fields)
    })
  }

  #continue(request: Request, id: string, action: string): void {
    const { from, iq, command } = request
    const session = this.#sessions.take(id, from.full, command.node, this.#options.nowMs())
    if (session === 'expired') this.#refuse(from, iq, EXPIRED)
    else if (!session) this.#refuse(from, iq, bad('bad-sessionid', 'You have no such command in progress.'))
    else if (action === 'cancel')
      this.#send(from, iqResult(iq, el('command', attributes(session, 'canceled'))))
    else this.#answerWith(request, () => this.#advance(request, session, action))
  }

  async #advance(request: Request, session: CommandSession, action: string): Promise<Element> {
    const { from, element, command } = request
    const fields = await command.fields(from)
    const allowed = actionsAt(session, command, fields)
    const chosen = action === 'execute' ? allowed[0] : action
    if (!allowed.includes(chosen as Action))
      return this.#keep(session, request, bad('bad-action', `${action} cannot be done now.`))
    if (chosen === 'prev') return this.#ask(request, { ...session, step: 'form' }, fields)
    if (session.step === 'warning') return this.#run(request, session)
    const answers = readAnswers(element, fields)
    if (!answers.ok) return this.#keep(session, request, bad('bad-payload', answers.error))
    const filled = { ...session, answers: answers.value }
    return chosen === 'next'
      ? this.#ask(request, { ...filled, step: 'warning' }, fields)
      : this.#run(request, filled)
  }

  /** One answer, whatever happens meanwhile. */
  #answerWith({ from, iq, command }: Request, work: () => Promise<Element>): void {
    this.#running += 1
    void work()
      .catch((error: unknown) => {
        this.#options.log.error({ code: 'INTERNAL', command: command.node, err: error }, 'command failed')
        const text = 'The command failed; the log of the gateway says why.'
        return errorReply(iq, { type: 'cancel', condition: 'internal-server-error', text })
      })
      .then((reply) => {
        this.#running -= 1
        this.#send(from, reply)
      })
  }

  /** What was wrong can be mended: the command goes on waiting. */
  #keep(session: CommandSession, { iq }: Request, error: StanzaError): Element {
    this.#sessions.put(session)
    return errorReply(iq, error)
  }

  /** Asks for what is to be filled in, or to be confirmed. */
  #ask({ iq, command }: Request, session: CommandSession, fields: readonly FormField[]): Element {
    this.#sessions.put({ ...session, sinceMs: this.#options.nowMs() })
    const { name, instructions = '', warning = '' } = command
    const actions = actionsAt(session, command, fields)
    const children = IN_ORDER.filter((action) => actions.includes(action))
    const form =
      session.step === 'warning'
        ? formElement('form', undefined, [], {
            title: `${name}?`,
            instructions: [warning, ...answersInWords(session.answers, fields)].join('\n'),
          })
        : formElement(
            'form',
            undefined,
            fields.map((field) => filledIn(field, session.answers)),
            { title: name, ...(instructions !== '' && { instructions }) },
          )
    const offered = el('actions', { execute: actions[0] }, ...children.map((action) => el(action)))
    return iqResult(iq, el('command', attributes(session, 'executing'), offered, form))
  }

  async #run({ from, iq, command }: Request, session: CommandSession): Promise<Element> {
    const { note, form }: Outcome = await command.run(from, session.answers)
    return iqResult(
      iq,
      el(
        'command',
        attributes(session, 'completed'),
        note && el('note', { type: note.type }, note.text),
        form,
      ),
    )
  }
}

/** What is wrong with a request before anything is known of its session. */
function misuse(
  iq: Element,
  { attrs: { action = 'execute', 'xml:lang': language = '' } }: Element,
  command: AdHocCommand | 'forbidden' | undefined,
): StanzaError | undefined {
  if (iq.attrs.type !== 'set')
    return { type: 'modify', condition: 'bad-request', text: 'Commands are of type set.' }
  if (command === 'forbidden') return FORBIDDEN
  if (!command) return UNKNOWN
  if (!ACTIONS.includes(action)) return bad('malformed-action', `There is no action ${action}.`)
  // All is said in English, whatever is asked for: answers have their language.
  return LANGUAGE.test(language) ? undefined : bad('bad-locale', 'This is not the name of a language.')
}

const attributes = ({ id, node }: CommandSession, status: string) => ({
  xmlns: NS.commands,
  node,
  sessionid: id,
  status,
  'xml:lang': 'en',
})

/** What can be done with a command where it is: XEP-0050 §3.4. */
function actionsAt(
  { step }: CommandSession,
  { warning }: AdHocCommand,
  fields: readonly FormField[],
): readonly Action[] {
  if (step === 'form') return warning === undefined ? ['complete'] : ['next']
  return fields.length > 0 ? ['complete', 'prev'] : ['complete']
}

/** A field with what was filled in before; secrets are not sent back. */
function filledIn(field: FormField, answers: Answers): FormField {
  const answer = answers.get(field.name)
  return answer === undefined || field.type === 'text-private'
    ? field
    : { ...field, values: field.type === 'text-multi' ? answer.split('\n') : [answer] }
}

/** What is about to be done, so that nobody confirms something else; secrets are not shown. */
const answersInWords = (answers: Answers, fields: readonly FormField[]): string[] =>
  fields.flatMap(({ name, label = name, type }) => {
    const answer = answers.get(name)
    return answer === undefined || type === 'text-private' ? [] : [`${label}: ${answer}`]
  })

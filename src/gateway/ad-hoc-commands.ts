/** The ad-hoc commands of the gateway: all operations for operators, and what is for everybody. XEP-0050. */
import type { AdHocCommand, AdHocCommands, Answers, Outcome } from '../admin/ad-hoc-command.ts'
import { type FormField, formElement, tableElement } from '../stanza/data-form.ts'
import type { Jid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'
import { GatewayError } from '../util/errors.ts'
import {
  type Args,
  type Operation,
  type OperationContext,
  type Parameter,
  readArgs,
  type Shown,
} from './operations/operation.ts'
import { operations } from './operations/operations.ts'

/** Things to choose from, beyond which the field is one to write in. */
const MAX_CHOICES = 200
/** Rows of a table, beyond which the rest is only counted: a stanza has an end. */
const MAX_ROWS = 500

export interface AdHocCommandsOptions {
  readonly context: OperationContext
  /** What everybody may run. */
  readonly forUsers: readonly AdHocCommand[]
  admins(): readonly string[]
  /** An operator has had an operation carried out. */
  onRun(operation: string, operator: string, args: Args): void
}

/** What can be run on the service, and by whom. */
export function adHocCommands(options: AdHocCommandsOptions): AdHocCommands {
  const { context, forUsers, admins } = options
  const users = new Map(forUsers.map((command) => [command.node, command]))
  const operators = new Map(
    [...operations]
      .filter(([, { isLocal, isOffered }]) => !isLocal && (isOffered?.(context) ?? true))
      .map(([name, operation]) => [nodeOf(name), asCommand(name, operation, options)]),
  )
  const isOperator = (asker: Jid): boolean => admins().includes(asker.bare)
  return {
    list: (asker) => [...users.values(), ...(isOperator(asker) ? operators.values() : [])],
    find: (node, asker) => {
      const command = operators.get(node)
      return command && !isOperator(asker) ? 'forbidden' : (command ?? users.get(node))
    },
  }
}

/** `friend-add` of `friend add`. */
const nodeOf = (name: string): string => name.replaceAll(' ', '-')

function asCommand(
  name: string,
  operation: Operation,
  { context, onRun }: AdHocCommandsOptions,
): AdHocCommand {
  const { title, parameters = [], warning } = operation
  return {
    node: nodeOf(name),
    name: title,
    isOperators: true,
    ...(warning !== undefined && { warning }),
    fields: () => Promise.all(parameters.map((parameter) => fieldOf(parameter, context))),
    run: async (asker, answers) => {
      const args = argsOf(parameters, answers)
      onRun(name, asker.bare, args)
      try {
        const value = await operation.run(context, readArgs(operation, args))
        return outcomeOf(title, operation.show?.(value, context))
      } catch (error) {
        if (error instanceof GatewayError) return refusedBy(error)
        throw error
      }
    },
  }
}

const refusedBy = ({ message, code }: GatewayError): Outcome => ({
  note: { type: 'error', text: `${message} [${code}]` },
})

const TYPES = { text: 'text-single', lines: 'text-multi', secret: 'text-private', flag: 'boolean' } as const

async function fieldOf(parameter: Parameter, context: OperationContext): Promise<FormField> {
  const { name, label, kind, isRequired = false, isOpen = false } = parameter
  const choices = (await parameter.choices?.(context)) ?? []
  const isList = choices.length > 0 && choices.length <= MAX_CHOICES
  // Chosen for whoever asks only where nothing else can be chosen.
  const only = choices.length === 1 ? choices[0]?.value : undefined
  return {
    name,
    label,
    type: isList ? 'list-single' : TYPES[kind],
    values: kind === 'flag' ? ['0'] : isList && isRequired && only !== undefined ? [only] : [],
    isRequired,
    ...(isList && { options: choices, isOpen }),
  }
}

const argsOf = (parameters: readonly Parameter[], answers: Answers): Record<string, string | boolean> =>
  Object.fromEntries(
    parameters.flatMap(({ name, kind }) => {
      const answer = answers.get(name)
      return answer === undefined ? [] : [[name, kind === 'flag' ? answer === '1' : answer]]
    }),
  )

/** A value for people; without one, that it is done. */
function outcomeOf(title: string, { note, listing, lines }: Shown = {}): Outcome {
  if (lines) return { form: linesElement(title, lines) }
  if (!listing) return { note: { type: 'info', text: note ?? 'Done.' } }
  const { columns, rows } = listing
  const text = rows.length > MAX_ROWS ? `The first ${MAX_ROWS} of ${rows.length}.` : note
  return {
    ...(rows.length === 0
      ? { note: { type: 'info', text: 'There are none.' } }
      : text !== undefined && { note: { type: 'info', text } }),
    form: tableElement(
      title,
      columns.map((label) => ({ name: nodeOf(label.toLowerCase()), label })),
      rows.slice(0, MAX_ROWS),
    ),
  }
}

const linesElement = (title: string, { label, lines }: NonNullable<Shown['lines']>): Element =>
  formElement('result', undefined, [{ name: 'text', type: 'text-multi', label, values: lines }], { title })

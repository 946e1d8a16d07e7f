/** How a node of PEP is configured: fields, their defaults, and the forms that show and change them. XEP-0060 §16.4.4. */
import { NS } from '../../stanza/ns.ts'
import { type Element, el, elements } from '../../stanza/xml.ts'
import { fail, ok, type Result } from '../../util/result.ts'

/** Items that a node keeps; `max` in a form means this. */
export const MAX_ITEMS = 1_000
const MAX_TITLE_CHARACTERS = 256

/** Values by field name; booleans are `1` and `0`, numbers are decimal. Fields that are left out have their default. */
export type NodeConfig = Readonly<Record<string, string>>

/** Why a value cannot be. */
export type ConfigRefusal = string

interface Field {
  readonly type: 'boolean' | 'list-single' | 'text-single'
  readonly label: string
  readonly standard: string
  readonly options?: readonly string[]
  /** The value as it is kept; undefined when it cannot be. */
  read(text: string): string | undefined
}

const boolean = (label: string, standard: '0' | '1'): Field => ({
  type: 'boolean',
  label,
  standard,
  read: (text) =>
    text === '1' || text === 'true' ? '1' : text === '0' || text === 'false' ? '0' : undefined,
})

const choice = (label: string, ...options: readonly [string, ...string[]]): Field => ({
  type: 'list-single',
  label,
  standard: options[0],
  options,
  read: (text) => (options.includes(text) ? text : undefined),
})

const text = (label: string): Field => ({
  type: 'text-single',
  label,
  standard: '',
  read: (given) => (given.length <= MAX_TITLE_CHARACTERS ? given : undefined),
})

const FIELDS: Readonly<Record<string, Field>> = {
  'pubsub#title': text('Name'),
  'pubsub#type': text('Namespace of what is published'),
  'pubsub#access_model': choice('Who may read', 'presence', 'whitelist', 'open'),
  'pubsub#publish_model': choice('Who may publish', 'publishers'),
  'pubsub#persist_items': boolean('Keep items', '1'),
  'pubsub#max_items': {
    type: 'text-single',
    label: 'Items to keep',
    standard: '1',
    read: (given) => {
      if (given === 'max') return String(MAX_ITEMS)
      return /^\d{1,9}$/.test(given) ? String(Math.max(1, Math.min(MAX_ITEMS, Number(given)))) : undefined
    },
  },
  'pubsub#send_last_published_item': choice('Send the last item', 'on_sub_and_presence', 'on_sub', 'never'),
  'pubsub#deliver_payloads': boolean('Send items with notifications', '1'),
  'pubsub#notify_retract': boolean('Notify of items taken back', '1'),
  'pubsub#notify_delete': boolean('Notify when the node is deleted', '1'),
}

/** Nodes whose users expect more than one item for their own eyes, whoever makes the node (XEP-0402 §3). */
const STANDARDS: Readonly<Record<string, NodeConfig>> = {
  [NS.bookmarks]: {
    'pubsub#access_model': 'whitelist',
    'pubsub#max_items': String(MAX_ITEMS),
    'pubsub#send_last_published_item': 'never',
  },
}

/** What a node of this name is like when nothing else is said. */
export const standardConfig = (node: string): NodeConfig => STANDARDS[node] ?? {}

/** The value of a field. */
export const configured = (config: NodeConfig, field: string): string =>
  config[field] ?? FIELDS[field]?.standard ?? ''

/** Whether a field of yes or no says yes. */
export const isSet = (config: NodeConfig, field: string): boolean => configured(config, field) === '1'

/** How many items the node keeps. */
export const itemsKept = (config: NodeConfig): number =>
  isSet(config, 'pubsub#persist_items') ? Number(configured(config, 'pubsub#max_items')) : 0

/** The fields of a submitted form that are known here, as they are kept; a refusal says which is wrong. */
export function readConfig(form: Element | undefined): Result<NodeConfig, ConfigRefusal> {
  const config: Record<string, string> = {}
  for (const field of form ? elements(form) : []) {
    const name = String(field.attrs.var ?? '')
    const known = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    const given = field.getChildText('value')
    if (field.getName() !== 'field' || !known || given === null) continue
    const value = known.read(given.trim())
    if (value === undefined) return fail(`${name} cannot be ${given.slice(0, 40)} here.`)
    config[name] = value
  }
  return ok(config)
}

/** The first field in which a node differs from what a publisher demands (XEP-0060 §7.1.5). */
export const unmet = (config: NodeConfig, demanded: NodeConfig): string | undefined =>
  Object.keys(demanded).find((field) => configured(config, field) !== demanded[field])

/** The form with the values of a node, to be filled in. */
export const configForm = (config: NodeConfig): Element =>
  el(
    'x',
    { xmlns: NS.dataForms, type: 'form' },
    hidden(`${NS.pubsub}#node_config`),
    ...Object.entries(FIELDS).map(([name, { type, label, options }]) =>
      el(
        'field',
        { var: name, type, label },
        el('value', {}, configured(config, name)),
        ...(options ?? []).map((option) => el('option', {}, el('value', {}, option))),
      ),
    ),
  )

/** What disco#info tells of a node beside its identity (XEP-0060 §5.4). */
export const metaData = (config: NodeConfig): Element =>
  el(
    'x',
    { xmlns: NS.dataForms, type: 'result' },
    hidden(`${NS.pubsub}#meta-data`),
    ...['pubsub#title', 'pubsub#type', 'pubsub#access_model', 'pubsub#max_items'].map((name) =>
      el('field', { var: name }, el('value', {}, configured(config, name))),
    ),
  )

const hidden = (formType: string): Element =>
  el('field', { var: 'FORM_TYPE', type: 'hidden' }, el('value', {}, formType))

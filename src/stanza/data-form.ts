/** Data forms as far as the gateway reads and writes them: XEP-0004 and the FORM_TYPE of XEP-0068. */
import { NS } from './ns.ts'
import { type Element, el, elements } from './xml.ts'

/** A field of a form. `type`, `label` and `options` only where a form is to be filled in or the field is hidden. */
export interface FormField {
  readonly name: string
  readonly type?: string
  /** For people, in English. */
  readonly label?: string
  readonly values: readonly string[]
  /** What can be chosen, by value. */
  readonly options?: readonly FieldOption[]
  readonly isRequired?: boolean
  /** Something else than the options may be given (XEP-0122). */
  readonly isOpen?: boolean
  /** A whole number in these bounds is expected (XEP-0122). */
  readonly range?: { readonly min: number; readonly max: number }
}

/** One choice of a list. */
export interface FieldOption {
  readonly value: string
  readonly label: string
}

/** Title and instructions of a form, for people. */
export interface FormHeading {
  readonly title?: string
  readonly instructions?: string
}

/** A form that someone submitted: values by field name. */
export interface SubmittedForm {
  /** `submit`, `cancel` or whatever was sent. */
  readonly type: string
  readonly formType: string | undefined
  /** Without FORM_TYPE. Of a name that comes twice the last counts. */
  readonly fields: ReadonlyMap<string, readonly string[]>
}

const fieldElement = (field: FormField): Element =>
  el(
    'field',
    { var: field.name, type: field.type, label: field.label },
    ...field.values.map((value) => el('value', {}, value)),
    field.range &&
      el(
        'validate',
        { xmlns: NS.dataValidation, datatype: 'xs:integer' },
        el('range', { min: field.range.min, max: field.range.max }),
      ),
    field.isOpen && el('validate', { xmlns: NS.dataValidation, datatype: 'xs:string' }, el('open')),
    field.isRequired && el('required'),
    ...(field.options ?? []).map(({ label, value }) => el('option', { label }, el('value', {}, value))),
  )

/** A form of ours: `form` to be filled in, `result` to be read. Forms of no known type have no `formType`. */
export const formElement = (
  type: 'form' | 'result',
  formType: string | undefined,
  fields: readonly FormField[],
  heading: FormHeading = {},
): Element =>
  el(
    'x',
    { xmlns: NS.dataForms, type },
    heading.title !== undefined && el('title', {}, heading.title),
    heading.instructions !== undefined && el('instructions', {}, heading.instructions),
    formType !== undefined && fieldElement({ name: 'FORM_TYPE', type: 'hidden', values: [formType] }),
    ...fields.map(fieldElement),
  )

/** What was found, in rows: XEP-0004 §3.4. Cells are in the order of the columns. */
export const tableElement = (
  title: string,
  columns: readonly { readonly name: string; readonly label: string }[],
  rows: readonly (readonly string[])[],
): Element =>
  el(
    'x',
    { xmlns: NS.dataForms, type: 'result' },
    el('title', {}, title),
    el('reported', {}, ...columns.map(({ name, label }) => el('field', { var: name, label }))),
    ...rows.map((cells) =>
      el('item', {}, ...columns.map(({ name }, at) => fieldElement({ name, values: [cells[at] ?? ''] }))),
    ),
  )

/** A form that is filled in: XEP-0004 §3.2. */
export const submission = (
  formType: string,
  answers: readonly (readonly [name: string, value: string])[],
): Element =>
  el(
    'x',
    { xmlns: NS.dataForms, type: 'submit' },
    ...[['FORM_TYPE', formType] as const, ...answers].map(([name, value]) =>
      fieldElement({ name, values: [value] }),
    ),
  )

/** Reads an `<x xmlns='jabber:x:data'/>`. */
export function readForm(form: Element): SubmittedForm {
  const fields = new Map<string, readonly string[]>()
  for (const field of elements(form)) {
    const name = field.attrs.var
    if (field.getName() !== 'field' || typeof name !== 'string') continue
    fields.set(
      name,
      elements(field)
        .filter((value) => value.getName() === 'value')
        .map((value) => value.getText()),
    )
  }
  const formType = fields.get('FORM_TYPE')?.[0]
  fields.delete('FORM_TYPE')
  return { type: String(form.attrs.type ?? ''), formType, fields }
}

/** `1`, `true`, `0` or `false`; undefined for anything else. XEP-0004 §3.3. */
export function readBoolean(values: readonly string[]): boolean | undefined {
  const [value] = values
  if (values.length !== 1) return undefined
  if (value === '1' || value === 'true') return true
  return value === '0' || value === 'false' ? false : undefined
}

/** What was filled in of a command's form, held against its fields: XEP-0004 §3.2 and §3.3, XEP-0050 §4.4. */
import { type FormField, readBoolean, readForm } from '../stanza/data-form.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, type Element } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'
import type { Answers } from './ad-hoc-command.ts'

/** The answers in a command, or what is wrong with them. Fields that were not asked for do not matter. */
export function readAnswers(command: Element, fields: readonly FormField[]): Result<Answers, string> {
  const element = childOf(command, 'x', NS.dataForms)
  const form = element && readForm(element)
  if (form && form.type !== 'submit') return fail(`Expected a form of type submit, not ${form.type}.`)
  const answers = new Map<string, string>()
  for (const { name, type, label = name, isRequired } of fields) {
    const values = form?.fields.get(name) ?? []
    if (values.length > 1 && type !== 'text-multi') return fail(`${label}: expected one value.`)
    const text = values.join('\n')
    if (type === 'boolean' && text !== '') {
      const isOn = readBoolean(values)
      if (isOn === undefined) return fail(`${label}: expected 1 or 0.`)
      answers.set(name, isOn ? '1' : '0')
    } else if (text.trim() !== '') answers.set(name, text)
    else if (isRequired) return fail(`${label}: this must be filled in.`)
  }
  return ok(answers)
}

// Ad-hoc commands as a protocol, whatever they do: sessions, actions, errors, and one answer for each request.
import fc from 'fast-check'
import { pino } from 'pino'
import { beforeEach, expect, test } from 'vitest'
import { AdHoc } from '../../src/admin/ad-hoc.ts'
import type { AdHocCommand, Answers, Outcome } from '../../src/admin/ad-hoc-command.ts'
import { parseJid } from '../../src/stanza/jid.ts'
import { type Element, el, elements } from '../../src/stanza/xml.ts'

const COMMANDS = 'http://jabber.org/protocol/commands'
const SERVICE = 'lobbies.test'
const MINUTE = 60_000

let now: number
let lastId: number
let sent: Element[]
let ran: Answers[]
let finish: ((outcome: Outcome) => void)[]
let adHoc: AdHoc

const done = { note: { type: 'info', text: 'Done.' } } as const
const command = (node: string, parts: Partial<AdHocCommand> = {}): AdHocCommand => ({
  node,
  name: node,
  fields: async () => [],
  run: async (_asker, answers) => {
    ran.push(answers)
    return done
  },
  ...parts,
})
const COMMAND_LIST = [
  command('at-once'),
  command('sure', { warning: 'Sure?' }),
  command('slow', { run: () => new Promise((resolve) => finish.push(resolve)) }),
  command('broken', { run: () => Promise.reject(new TypeError('a bug')) }),
  command('form', {
    warning: 'Sure?',
    fields: async () => [
      { name: 'name', type: 'text-single', values: [], isRequired: true },
      { name: 'key', type: 'text-private', values: [] },
      { name: 'lines', type: 'text-multi', values: [] },
      { name: 'flag', type: 'boolean', values: ['0'] },
    ],
  }),
]

beforeEach(() => {
  now = 0
  lastId = 0
  sent = []
  ran = []
  finish = []
  adHoc = new AdHoc({
    domain: SERVICE,
    commands: {
      list: () => COMMAND_LIST,
      find: (node) => COMMAND_LIST.find((each) => each.node === node),
    },
    log: pino({ level: 'silent' }),
    send: (_to, stanza) => sent.push(stanza),
    nowMs: () => now,
    newId: () => `session-${++lastId}`,
  })
})

const ask = (
  attributes: Record<string, string>,
  fields?: Record<string, readonly string[]>,
  from = 'boss@test/desk',
): void => {
  const form =
    fields &&
    el(
      'x',
      { xmlns: 'jabber:x:data', type: 'submit' },
      ...Object.entries(fields).map(([name, values]) =>
        el('field', { var: name }, ...values.map((value) => el('value', {}, value))),
      ),
    )
  const iq = el(
    'iq',
    { type: 'set', to: SERVICE, from, id: 'q' },
    el('command', { xmlns: COMMANDS, ...attributes }, form),
  )
  adHoc.takes(parseJid(from) as NonNullable<ReturnType<typeof parseJid>>, iq)
}

/** Promises that are settled have told so. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** What came: the status of a command, or the conditions of an error. */
async function answers(): Promise<string[]> {
  await turn()
  return sent.splice(0).map((iq) => {
    const [payload] = elements(iq)
    if (payload?.getName() === 'command') return String(payload.attrs.status)
    return elements(payload as Element)
      .map((child) => child.getName())
      .filter((name) => name !== 'text')
      .join(' ')
  })
}

test('a command that waits for ten minutes is expired, and then unknown', async () => {
  ask({ node: 'form' })
  expect(await answers()).toEqual(['executing'])
  now += 10 * MINUTE
  ask({ node: 'form', sessionid: 'session-1' }, { name: ['x'] })
  ask({ node: 'form', sessionid: 'session-1' }, { name: ['x'] })
  expect(await answers()).toEqual(['not-allowed session-expired', 'bad-request bad-sessionid'])
})

test('each answer gives a command its ten minutes again', async () => {
  ask({ node: 'form' })
  await answers()
  now += 9 * MINUTE
  ask({ node: 'form', sessionid: 'session-1' }, { name: ['x'] })
  await answers()
  now += 9 * MINUTE
  ask({ node: 'form', sessionid: 'session-1', action: 'complete' })
  expect(await answers()).toEqual(['completed'])
})

test('a slow command is answered once, when it is done, and is not begun again meanwhile', async () => {
  ask({ node: 'slow' })
  expect(await answers()).toEqual([])
  ask({ node: 'slow', sessionid: 'session-1', action: 'complete' })
  expect(await answers()).toEqual(['bad-request bad-sessionid'])
  finish[0]?.(done)
  expect(await answers()).toEqual(['completed'])
})

test('a form that is submitted twice is carried out once', async () => {
  ask({ node: 'form' })
  await answers()
  ask({ node: 'form', sessionid: 'session-1' }, { name: ['x'] })
  await answers()
  ask({ node: 'form', sessionid: 'session-1', action: 'complete' })
  ask({ node: 'form', sessionid: 'session-1', action: 'complete' })
  expect((await answers()).sort()).toEqual(['bad-request bad-sessionid', 'completed'])
  expect(ran).toHaveLength(1)
})

test('no more than 32 commands run at the same time, and none that waits is lost for it', async () => {
  ask({ node: 'form' })
  await answers()
  for (let i = 0; i < 33; i++) ask({ node: 'slow' })
  ask({ node: 'form', sessionid: 'session-1' }, { name: ['x'] })
  expect(await answers()).toEqual(['resource-constraint', 'resource-constraint'])
  finish[0]?.(done)
  expect(await answers()).toEqual(['completed'])
  ask({ node: 'form', sessionid: 'session-1' }, { name: ['x'] })
  expect(await answers()).toEqual(['executing'])
  ask({ node: 'slow' })
  expect(await answers()).toEqual([])
})

test('of one session of a user the last eight commands wait, and none when it is gone', async () => {
  for (let i = 0; i < 9; i++) ask({ node: 'form' })
  await answers()
  ask({ node: 'form', sessionid: 'session-1', action: 'cancel' })
  ask({ node: 'form', sessionid: 'session-2', action: 'cancel' })
  adHoc.onSessionEnded('boss@test/desk')
  ask({ node: 'form', sessionid: 'session-3', action: 'cancel' })
  expect(await answers()).toEqual(['bad-request bad-sessionid', 'canceled', 'bad-request bad-sessionid'])
})

test('of all users the last thousand commands wait', async () => {
  for (let i = 0; i < 1001; i++) {
    ask({ node: 'form' }, undefined, `user${i}@test/desk`)
    await turn()
  }
  sent = []
  ask({ node: 'form', sessionid: 'session-1', action: 'cancel' }, undefined, 'user0@test/desk')
  ask({ node: 'form', sessionid: 'session-2', action: 'cancel' }, undefined, 'user1@test/desk')
  expect(await answers()).toEqual(['bad-request bad-sessionid', 'canceled'])
})

test('a command that breaks is answered, and others go on', async () => {
  ask({ node: 'broken' })
  ask({ node: 'at-once' })
  expect((await answers()).sort()).toEqual(['completed', 'internal-server-error'])
})

test('what asks nothing but is for good is confirmed, and there is nothing to go back to', async () => {
  ask({ node: 'sure' })
  expect(await answers()).toEqual(['executing'])
  expect(ran).toHaveLength(0)
  ask({ node: 'sure', sessionid: 'session-1', action: 'prev' })
  ask({ node: 'sure', sessionid: 'session-1' })
  expect(await answers()).toEqual(['bad-request bad-sessionid', 'bad-request bad-action'])
  ask({ node: 'sure', sessionid: 'session-1' })
  expect(await answers()).toEqual(['completed'])
  expect(ran).toHaveLength(1)
})

test('who goes back finds what was filled in, but for secrets, which are to be given again', async () => {
  ask({ node: 'form' })
  await answers()
  const filled = { name: ['Capulet'], key: ['balcony'], lines: ['one', 'two'], flag: ['true'] }
  ask({ node: 'form', sessionid: 'session-1', action: 'next' }, filled)
  expect(await answers()).toEqual(['executing'])
  ask({ node: 'form', sessionid: 'session-1', action: 'prev' })
  await turn()
  const values = new Map(
    elements(sent[0]?.getChild('command')?.getChild('x') as Element)
      .filter((field) => field.getName() === 'field')
      .map((field) => [field.attrs.var, field.getChildren('value').map((value) => value.getText())]),
  )
  expect(Object.fromEntries(values)).toEqual({
    name: ['Capulet'],
    key: [],
    lines: ['one', 'two'],
    flag: ['1'],
  })
})

test.each([
  ['two values where one is taken', { name: ['a', 'b'] }],
  ['neither true nor false', { name: ['a'], flag: ['perhaps'] }],
  ['blanks for what is required', { name: ['  '] }],
  ['nothing for what is required', {}],
])('a form with %s is a bad payload', async (_what, fields) => {
  ask({ node: 'form' })
  await answers()
  ask({ node: 'form', sessionid: 'session-1' }, fields)
  expect(await answers()).toEqual(['bad-request bad-payload'])
})

test('what is not about commands, or is for a room, is for others', () => {
  const from = parseJid('boss@test/desk') as NonNullable<ReturnType<typeof parseJid>>
  const query = (node?: string) => el('query', { xmlns: 'http://jabber.org/protocol/disco#info', node })
  const of = (attributes: Record<string, string>, ...payload: Element[]) =>
    adHoc.takes(from, el('iq', { type: 'get', to: SERVICE, id: '1', ...attributes }, ...payload))
  expect(of({}, query())).toBe(false)
  expect(of({}, query('nothing'))).toBe(false)
  expect(of({})).toBe(false)
  expect(of({ type: 'result' }, query(COMMANDS))).toBe(false)
  expect(of({ to: `tea@${SERVICE}` }, query(COMMANDS))).toBe(false)
  expect(of({}, query(COMMANDS), query(COMMANDS))).toBe(false)
  expect(of({}, query(COMMANDS))).toBe(true)
  expect(sent).toHaveLength(1)
})

test('every request about commands is answered once', async () => {
  const attribute = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
  const request = fc.record({
    node: attribute('at-once', 'sure', 'broken', 'form', 'nothing', ''),
    action: attribute('execute', 'next', 'prev', 'complete', 'cancel', 'kiss'),
    sessionid: attribute('session-1', 'session-2', 'session-3', ''),
    'xml:lang': attribute('en', 'de-AT', '?'),
    from: fc.constantFrom('boss@test/desk', 'boss@test/phone'),
    form: fc.constantFrom(undefined, {}, { name: ['x'] }, { name: ['x', 'y'] }),
    waitMs: fc.constantFrom(0, 0, 0, 11 * MINUTE),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 12 }), async (requests) => {
      for (const { from, form, waitMs, ...attributes } of requests) {
        now += waitMs
        const given = Object.entries(attributes).filter(([, value]) => value !== undefined)
        ask(Object.fromEntries(given) as Record<string, string>, form, from)
        await turn()
      }
      expect(sent.splice(0)).toHaveLength(requests.length)
    }),
    { numRuns: 200 },
  )
})

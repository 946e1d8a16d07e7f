// Commands of the command line and ad-hoc commands are the same ones, from one table.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { AdHocCommand } from '../../src/admin/ad-hoc-command.ts'
import { USAGE } from '../../src/cli/usage.ts'
import { adHocCommands } from '../../src/gateway/ad-hoc-commands.ts'
import { type OperationContext, readArgs } from '../../src/gateway/operations/operation.ts'
import { operations, runOperation } from '../../src/gateway/operations/operations.ts'
import type { Rooms } from '../../src/gateway/rooms.ts'
import { Jid } from '../../src/stanza/jid.ts'
import { elements } from '../../src/stanza/xml.ts'
import { FakeNetwork } from './fake-network.ts'

const BOSS = new Jid('boss', 'test', 'desk')
const ROMEO = new Jid('romeo', 'test', 'desk')

const runs: string[] = []
function commandsOf(context: Partial<OperationContext> = {}) {
  return adHocCommands({
    context: {
      networks: new Map(),
      hasServer: true,
      accounts: { list: async () => [] },
      ...context,
    } as OperationContext,
    forUsers: [],
    admins: () => ['boss@test'],
    onRun: (operation, operator) => runs.push(`${operator}: ${operation}`),
  })
}

/** Not of a running gateway. */
const ELSEWHERE = /^(start|demo|check|canary|doctor|keys|simulate)$/
/** Pages, and files of the machine, are for programs on it; the archive protocol of rooms has messages for clients. */
const LOCAL = ['archive export', 'friend ignored', 'trace', 'backup']

/** `lobby create` → its arguments and options, from the usage text of the command line. */
function usage(): Map<string, string[]> {
  const forms = USAGE.replace(/\n {3,}\|/g, ' |')
    .split('\n')
    .flatMap((line) => {
      const [, name = '', rest = ''] = /^ {2}foyer ([a-z]+) *(.*)$/.exec(line) ?? []
      if (name === '' || ELSEWHERE.test(name)) return []
      return rest.split(' | ').map((form) => `${name} ${form}`.trim())
    })
  return new Map(
    forms.map((form) => [
      (/^[a-z]+(?: [a-z]+)*/.exec(form) as RegExpExecArray)[0],
      [...form.matchAll(/--([a-z]+)/g)].map(([, option = '']) => option),
    ]),
  )
}

test('every command of the command line is an operation, and an ad-hoc command with its options', async () => {
  const commands = commandsOf({ networks: new Map(), rooms: { loaded: () => [] } as unknown as Rooms })
  const forms = usage()
  expect(forms.size).toBeGreaterThan(15)
  for (const [name, options] of forms) {
    expect(operations.has(name), name).toBe(true)
    if (LOCAL.includes(name)) continue
    const command = commands.find(name.replace(' ', '-'), BOSS) as AdHocCommand
    const fields = (await command.fields(BOSS)).map((field) => field.name)
    // `--json` is how the answer is printed, `--password-stdin` where the password comes from.
    expect(fields, name).toEqual(
      expect.arrayContaining(options.filter((option) => option !== 'json' && option !== 'password')),
    )
  }
  for (const name of operations.keys())
    expect([...forms.keys(), ...LOCAL], `${name} is in the usage text`).toContain(name)
})

test('only operators find and may run operations; accounts are for gateways with a server', () => {
  expect(commandsOf().list(ROMEO)).toEqual([])
  expect(commandsOf().find('status', ROMEO)).toBe('forbidden')
  const nodes = (hasServer: boolean) =>
    commandsOf({ hasServer })
      .list(BOSS)
      .map(({ node }) => node)
  expect(nodes(true)).toContain('user-add')
  expect(nodes(false)).not.toContain('user-add')
  expect(nodes(true)).not.toContain('archive-export')
})

test('who ran what is noted, also when it was refused', async () => {
  runs.length = 0
  const command = commandsOf().find('invite', BOSS) as AdHocCommand
  const outcome = await command.run(BOSS, new Map())
  expect(outcome.note).toEqual({
    type: 'error',
    text: expect.stringContaining('[NO_NETWORK]'),
  })
  expect(runs).toEqual(['boss@test: invite'])
})

const withLobbies = (count: number): FakeNetwork => {
  const network = new FakeNetwork()
  for (let i = 0; i < count; i++) network.show(i.toString(16).padStart(16, '0'), `Lobby ${i}`)
  return network
}

test('a choice of more than 200 is a field to write in', async () => {
  const typeWith = async (count: number) => {
    const network = withLobbies(count)
    const commands = commandsOf({ networks: new Map([[network.id, network]]) })
    const [field] = await (commands.find('lobby-join', BOSS) as AdHocCommand).fields(BOSS)
    return field?.type
  }
  expect(await typeWith(0)).toBe('text-single')
  expect(await typeWith(200)).toBe('list-single')
  expect(await typeWith(201)).toBe('text-single')
})

test('a table has 500 rows at most, and says how many there are', async () => {
  const network = withLobbies(501)
  const commands = commandsOf({
    networks: new Map([[network.id, network]]),
    rooms: { addressOf: (id: string) => `${id}@lobbies.test` } as unknown as OperationContext['rooms'],
  })
  const { form, note } = await (commands.find('lobby-list', BOSS) as AdHocCommand).run(BOSS, new Map())
  expect(form && elements(form).filter((child) => child.getName() === 'item')).toHaveLength(500)
  expect(note).toEqual({ type: 'info', text: 'The first 500 of 501.' })
})

test('arguments that are missing, unknown or of the wrong type are refused before anything is done', async () => {
  const context = {} as OperationContext
  for (const [name, args] of [
    ['lobby join', {}],
    ['lobby join', { id: '  ' }],
    ['lobby join', { id: 7 }],
    ['lobby join', { id: 'x', when: 'now' }],
    ['lobby create', { name: 'x', private: 'yes' }],
    ['lobby eat', {}],
  ] as const)
    await expect(runOperation(context, name, args), `${name} ${JSON.stringify(args)}`).rejects.toMatchObject({
      code: 'ADMIN_REQUEST',
    })
  const create = operations.get('lobby create')
  expect(create && readArgs(create, { name: ' x ', topic: null, signed: true })).toEqual({
    name: 'x',
    signed: true,
  })
})

test('the documents name what operators do not have in their clients', () => {
  for (const [file, sentence] of [
    ['docs/operating.md', /For the command line alone are ([^.]*)\./],
    ['CHANGELOG.md', /what the command line asks of a running gateway, from[^,]*, but for ([^;]*);/],
  ] as const) {
    const [, names = ''] = sentence.exec(readFileSync(file, 'utf8')) ?? []
    expect([...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name).sort(), file).toEqual([...LOCAL].sort())
  }
})

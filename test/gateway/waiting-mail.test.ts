// Mail over a real table: when it is delivered, and that it outlives the process.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../src/archive/open-store.ts'
import type { Store } from '../../src/archive/store.ts'
import { MAX_WAITING_STANZAS, WaitingMail } from '../../src/gateway/waiting-mail.ts'
import { type Element, el } from '../../src/stanza/xml.ts'

const ANN = 'ann@test'
let folder: string
let store: Store
let sent: string[]
let online: Set<string>
let mail: WaitingMail
let wanted: (account: string, body: string) => boolean

async function open(): Promise<void> {
  store = openStore(join(folder, 'foyer.db'))
  mail = new WaitingMail({
    codes: { failed: 'FAILED', full: 'FULL' },
    isWanted: (account, stanza) => wanted(account, stanza.getChildText('body') ?? ''),
    table: store.mentions,
    log: pino({ level: 'silent' }),
    isReachable: (account) => online.has(account),
    send: (to, stanza) => sent.push(`${to} ${stanza.getChildText('body')}`),
  })
  await mail.load()
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-mentions-'))
  sent = []
  online = new Set()
  wanted = () => true
  await open()
})
afterEach(async () => {
  await mail.idle()
  await store.close()
  rmSync(folder, { recursive: true })
})

const notice = (body: string): Element => el('message', { to: ANN }, el('body', {}, body))

test('who can be reached has it at once, and it is not kept', async () => {
  online.add(ANN)
  mail.post(ANN, notice('a & b'))
  expect(sent).toEqual(['ann@test a & b'])
  await mail.idle()
  expect(await store.mentions.accounts()).toEqual([])
})

test('who is away has all of it in order on return, once, also after a restart', async () => {
  mail.post(ANN, notice('one <1>'))
  mail.post(ANN, notice('two'))
  mail.post('bob@test', notice('for Bob'))
  await mail.idle()
  await store.close()
  await open()
  mail.onAvailable(ANN)
  expect(sent).toEqual([])
  online.add(ANN)
  mail.onAvailable(ANN)
  mail.onAvailable(ANN)
  mail.post(ANN, notice('three'))
  await mail.idle()
  expect(sent).toEqual(['ann@test one <1>', 'ann@test two', 'ann@test three'])
  online.add('bob@test')
  mail.tryAll()
  await mail.idle()
  expect(sent.at(-1)).toBe('bob@test for Bob')
  expect(await store.mentions.accounts()).toEqual([])
})

test('the oldest is dropped when too much waits, and all of it with the account', async () => {
  for (let i = 0; i <= MAX_WAITING_STANZAS; i++) mail.post(ANN, notice(`n${i}`))
  await mail.idle()
  const kept = await store.mentions.of(ANN)
  expect([kept.length, kept[0]?.xml.includes('n1<')]).toEqual([MAX_WAITING_STANZAS, true])
  mail.forget(ANN)
  await mail.idle()
  expect(await store.mentions.of(ANN)).toEqual([])
})

test('what cannot be read from the database waits for the next time', async () => {
  mail.post(ANN, notice('one'))
  await mail.idle()
  online.add(ANN)
  const { of } = store.mentions
  const failing = Object.assign(store.mentions, { of: () => Promise.reject(new Error('away')) })
  mail.onAvailable(ANN)
  await mail.idle()
  expect(sent).toEqual([])
  Object.assign(failing, { of })
  mail.onAvailable(ANN)
  await mail.idle()
  expect(sent).toEqual(['ann@test one'])
})

test('what is not wanted any longer when its account comes is dropped', async () => {
  for (const body of ['one', 'two', 'three']) mail.post(ANN, notice(body))
  wanted = (account, body) => account === ANN && body !== 'two'
  online.add(ANN)
  mail.onAvailable(ANN)
  await mail.idle()
  expect(sent).toEqual(['ann@test one', 'ann@test three'])
  expect(await store.mentions.accounts()).toEqual([])
})

test('what waits may be another form than what is delivered at once', async () => {
  mail.post(ANN, notice('now'), notice('late'))
  online.add(ANN)
  mail.onAvailable(ANN)
  await mail.idle()
  mail.post(ANN, notice('now'), notice('late'))
  expect(sent).toEqual(['ann@test late', 'ann@test now'])
})

test('what cannot be stored reaches who is there all the same, behind something that waits', async () => {
  mail.post(ANN, notice('one'))
  await mail.idle()
  const { of, add } = store.mentions
  const away = (): Promise<never> => Promise.reject(new Error('away'))
  Object.assign(store.mentions, { of: away, add: away })
  mail.post(ANN, notice('lost'))
  await mail.idle()
  online.add(ANN)
  mail.post(ANN, notice('two'))
  await mail.idle()
  Object.assign(store.mentions, { of, add })
  mail.onAvailable(ANN)
  await mail.idle()
  expect(sent).toEqual(['ann@test two', 'ann@test one'])
})

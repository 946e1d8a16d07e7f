// The layering: which layer may import which, and that pure layers do no I/O. Stated once, here.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

/** layer → layers it may import besides itself; `network.ts` files and the root are the shell. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  lobby: ['util'],
  'retroshare/wire': ['util'],
  'retroshare/routing': ['retroshare/wire', 'lobby', 'util'],
  'retroshare/identity': ['retroshare/wire', 'util'],
  'retroshare/peer': ['retroshare/identity', 'retroshare/wire', 'util'],
  retroshare: [
    'retroshare/peer',
    'retroshare/identity',
    'retroshare/routing',
    'retroshare/wire',
    'lobby',
    'util',
  ],
  simulate: ['retroshare/routing', 'retroshare/wire', 'lobby', 'util'],
  stanza: ['util'],
  muc: ['stanza', 'util'],
  bridge: ['lobby', 'muc', 'stanza', 'util'],
  xmpp: ['stanza', 'util'],
  archive: ['muc', 'xmpp', 'util'],
  ops: ['util'],
  admin: ['stanza', 'util'],
}
/** The shell may import everything. */
const SHELL = new Set(['.', 'cli', 'gateway'])
const PURE = new Set([
  'util',
  'lobby',
  'retroshare/wire',
  'retroshare/routing',
  'simulate',
  'stanza',
  'muc',
  'bridge',
])
const IMPURE =
  /from 'node:|import\('node:|from '(pino|ws|libsql|pg|prom-client)|\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|performance\.|process\.|console\.)|\basync\b|\bawait\b/
const MAX_LINES = 400

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
const layerOf = (file: string): string => {
  const folders = dirname(file).split('/')
  return folders[0] === 'retroshare' || folders[0] === 'tox'
    ? folders.slice(0, 2).join('/')
    : (folders[0] ?? '')
}
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')

test('imports follow the layering table', () => {
  const bad: string[] = []
  for (const file of files) {
    const layer = layerOf(file)
    const allowed = MAY_IMPORT[layer]
    if (!allowed) {
      if (!SHELL.has(layer)) bad.push(`${file}: layer ${layer} is not in the table`)
      continue
    }
    const text = readFileSync(join('src', file), 'utf8')
    for (const match of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const target = relative('src', normalize(join('src', dirname(file), match[1] ?? '')))
      const to = layerOf(target)
      if (to !== layer && !allowed.includes(to)) bad.push(`${file} -> ${match[1]}`)
    }
  }
  expect(bad).toEqual([])
})

test('pure layers neither do I/O nor read clock, randomness or environment', () => {
  const bad: string[] = []
  for (const file of files.filter((f) => PURE.has(layerOf(f)))) {
    const hit = IMPURE.exec(withoutComments(readFileSync(join('src', file), 'utf8')))
    if (hit) bad.push(`${file}: ${hit[0]}`)
  }
  expect(bad).toEqual([])
})

test('tests are not among the sources', () => {
  expect(files.filter((file) => file.endsWith('.test.ts'))).toEqual([])
})

test('only stanza/ knows the XML packages', () => {
  const knows = files.filter((f) =>
    /from '(ltx|saxes|@xmpp\/(?!client')[^']+)'/.test(readFileSync(join('src', f), 'utf8')),
  )
  expect(knows.filter((f) => layerOf(f) !== 'stanza')).toEqual([])
  // The canary is a user like any other, by a client that is not ours.
  const clients = files.filter((f) => readFileSync(join('src', f), 'utf8').includes("from '@xmpp/client'"))
  expect(clients).toEqual(['cli/canary/guest.ts'])
})

test(`no file of the sources is longer than ${MAX_LINES} lines, and each begins by saying what it is`, () => {
  const bad: string[] = []
  for (const file of files) {
    const text = readFileSync(join('src', file), 'utf8')
    const lines = text.split('\n').length - 1
    if (lines > MAX_LINES) bad.push(`${file}: ${lines} lines`)
    if (!/^(#!.*\n)?(\/\*\*|\/\/)/.test(text)) bad.push(`${file}: no first line that says what it is`)
    if (/^export default/m.test(text)) bad.push(`${file}: default export`)
  }
  expect(bad).toEqual([])
})

// What the token of the page is good for: its buttons, and nothing else; and the log tells of it.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { OperationContext } from '../../src/gateway/operations/operation.ts'
import { logOperation, operations } from '../../src/gateway/operations/operations.ts'
import { pageReply } from '../../src/gateway/operations/page-operations.ts'

const BUTTONS = [
  'friend add',
  'friend heed',
  'friend ignore',
  'friend remove',
  'identity ban',
  'identity unban',
  'lobby create',
  'lobby decline',
  'lobby join',
  'lobby leave',
  'room kick',
  'room mute',
  'room unmute',
]

test('of all operations the page has those of its buttons alone, and these are logged', async () => {
  const logged: string[] = []
  const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line).operation) })
  const done: string[] = []
  for (const command of operations.keys()) {
    // Nothing is done: no operation has an argument of this name, and there is nothing to work on.
    const request = JSON.stringify({ command, args: { nonsense: 'x' } })
    const reply = await pageReply({} as OperationContext, log, request)
    if (reply.ok) throw new Error(`${command} was done`)
    if (reply.message.includes('not for the page')) continue
    expect(reply.message).toBe('there is no argument nonsense')
    done.push(command)
  }
  expect(done.sort()).toEqual(BUTTONS)
  expect(logged.sort()).toEqual(BUTTONS)
})

test('the log has who did what to whom, but no secrets, nothing long and nothing that was only looked at', () => {
  const lines: Record<string, unknown>[] = []
  const log = pino(
    { base: null, timestamp: false },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  )
  logOperation(log, 'command line', 'user add', { name: 'ann', password: 'sesame' })
  logOperation(log, 'ada@localhost', 'room kick', { room: 'tea@lobbies.localhost', nick: 'x'.repeat(300) })
  logOperation(log, 'http', 'lobby create', { name: 'Tea', private: true, signed: false, nonsense: 'y' })
  for (const name of ['status', 'trace', 'friend list', 'nothing'])
    logOperation(log, 'http', name, { jid: 'a' })
  const msg = 'operator command'
  expect(lines).toEqual([
    { level: 30, operation: 'user add', name: 'ann', operator: 'command line', msg },
    {
      level: 30,
      operation: 'room kick',
      room: 'tea@lobbies.localhost',
      nick: 'x'.repeat(100),
      operator: 'ada@localhost',
      msg,
    },
    { level: 30, operation: 'lobby create', name: 'Tea', private: true, operator: 'http', msg },
  ])
})

// Commands that wait for their users: how many, and whose go when there are more.
import { expect, test } from 'vitest'
import { CommandSessions } from '../../src/admin/command-sessions.ts'

const session = (id: string, owner: string, isOperators: boolean) =>
  ({ id, owner, isOperators, node: 'n', step: 'form', answers: new Map(), sinceMs: 0 }) as const

test('however many commands guests begin, that of an operator goes on waiting', () => {
  const sessions = new CommandSessions()
  sessions.put(session('own', 'boss@x/1', true))
  for (let n = 0; n < 1_500; n++) sessions.put(session(`g${n}`, `guest${n}@x/1`, false))
  expect(sessions.size).toBe(1_001)
  expect(sessions.take('own', 'boss@x/1', 'n', 0)).toMatchObject({ id: 'own' })
  expect(sessions.take('g0', 'guest0@x/1', 'n', 0)).toBeUndefined()
  expect(sessions.take('g1499', 'guest1499@x/1', 'n', 0)).toMatchObject({ id: 'g1499' })
})

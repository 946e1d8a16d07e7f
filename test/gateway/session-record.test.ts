// Who is in the rooms from outside, on record: each change once, in order, also while the database is slow.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { OccupantRow } from '../../src/archive/store.ts'
import { SessionRecord } from '../../src/gateway/session-record.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function setUp() {
  const inRooms = new Map<string, OccupantRow>()
  const writes: string[] = []
  let isStuck = false
  let release = (): void => {}
  const record = new SessionRecord({
    table: {
      all: async () => [],
      apply: async (put, removed) => {
        writes.push(
          [
            ...put.map((row) => `+${row.session}:${row.nick}`),
            ...removed.map((row) => `-${row.session}`),
          ].join(' '),
        )
        if (isStuck)
          await new Promise<void>((resolve) => {
            release = resolve
          })
      },
      clear: async () => void writes.push('clear'),
    },
    log: pino({ level: 'silent' }),
    rowOf: (room, session) => inRooms.get(`${room} ${session}`),
  })
  const enter = (session: string, nick: string): void => {
    inRooms.set(`r ${session}`, { room: 'r', session, nick, presence: '<presence/>' })
    record.changed('r', session)
  }
  const leave = (session: string): void => {
    inRooms.delete(`r ${session}`)
    record.changed('r', session)
  }
  return {
    record,
    writes,
    enter,
    leave,
    stick: (is: boolean) => {
      isStuck = is
      release()
    },
  }
}

test('what happened in one turn is one write; what did not change is none', async () => {
  const { record, writes, enter, leave } = setUp()
  enter('ann@h/1', 'Ann')
  enter('bob@h/1', 'Bob')
  enter('cat@h/1', 'Cat')
  leave('cat@h/1')
  await turn()
  expect(writes).toEqual(['+ann@h/1:Ann +bob@h/1:Bob'])
  record.changed('r', 'ann@h/1')
  await turn()
  expect(writes).toHaveLength(1)
  enter('ann@h/1', 'Anna')
  leave('bob@h/1')
  await turn()
  expect(writes[1]).toBe('+ann@h/1:Anna -bob@h/1')
})

test('one write follows the other, with all that came meanwhile', async () => {
  const { writes, enter, leave, stick } = setUp()
  stick(true)
  enter('ann@h/1', 'Ann')
  await turn()
  enter('bob@h/1', 'Bob')
  leave('ann@h/1')
  await turn()
  expect(writes).toHaveLength(1)
  stick(false)
  await turn()
  expect(writes[1]).toBe('+bob@h/1:Bob -ann@h/1')
})

test('an account that was put out of a room is taken off with all its sessions', async () => {
  const { record, writes, enter, leave } = setUp()
  enter('ann@h/1', 'Ann')
  enter('ann@h/2', 'Ann')
  enter('bob@h/1', 'Bob')
  await turn()
  leave('ann@h/1')
  leave('ann@h/2')
  await turn()
  record.left('r', 'bob@h')
  await turn()
  expect(writes).toHaveLength(2)
})

test('at the end nobody is on record, unless they could not be told', async () => {
  const told = setUp()
  told.enter('ann@h/1', 'Ann')
  await turn()
  await told.record.close(true)
  told.leave('ann@h/1')
  await turn()
  expect(told.writes).toEqual(['+ann@h/1:Ann', 'clear'])
  const untold = setUp()
  untold.enter('ann@h/1', 'Ann')
  await turn()
  await untold.record.close(false)
  untold.leave('ann@h/1')
  await turn()
  expect(untold.writes).toEqual(['+ann@h/1:Ann'])
})

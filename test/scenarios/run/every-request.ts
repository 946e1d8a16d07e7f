// The property that every get and set is answered exactly once, whatever it holds and wherever it goes.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serialize } from '../../../src/stanza/xml.ts'
import type { Actor } from './actor.ts'
import { configureRoom, enterRoom } from './macros.ts'
import type { Stage } from './play.ts'
import { requestTo } from './requests.ts'
import { openTarget, type Target, type TargetName } from './targets.ts'

const ANSWER_MS = 15_000
const RUNS = 40
const BATCH = 25

/** Defines the test for one target. */
export function describeEveryRequest(name: TargetName): void {
  let target: Target
  let stage: Stage
  let romeo: Actor
  let juliet: Actor
  let lastId = 0

  beforeAll(async () => {
    target = await openTarget(name)
    stage = await target.stage([], 0)
    ;[romeo, juliet] = [await stage.login('romeo'), await stage.login('juliet')]
  }, 60_000)
  afterAll(() => target?.close())

  /** The answers to these requests: all there are when a later ping of each place was answered too. */
  const answersTo = async (ids: ReadonlySet<string>): Promise<Map<string, number>> => {
    const counts = new Map<string, number>()
    const count = (): void => {
      for (const stanza of romeo.unread) {
        const { id, type } = stanza.attrs
        if (stanza.name === 'iq' && (type === 'result' || type === 'error') && ids.has(id))
          counts.set(id, (counts.get(id) ?? 0) + 1)
      }
      romeo.forget()
    }
    const deadline = performance.now() + ANSWER_MS
    for (count(); counts.size < ids.size && performance.now() < deadline; count())
      await romeo.more(deadline - performance.now())
    for (const address of [stage.roomOf('romeo'), stage.bindings.service as string])
      await romeo.fence(address, ANSWER_MS)
    count()
    return counts
  }

  test('every get and set, with any payload and to any address, is answered exactly once', async () => {
    const room = stage.roomOf('romeo')
    const places = { service: stage.bindings.service as string, room, nick: 'Juliet', ownNick: 'Romeo' }
    const batch = fc.array(requestTo(places), { minLength: BATCH, maxLength: BATCH })
    await fc.assert(
      fc.asyncProperty(batch, fc.boolean(), async (requests, isInside) => {
        // What came before may have destroyed the room, or put somebody out.
        if (isInside)
          for (const actor of [romeo, juliet]) {
            actor.send(serialize(enterRoom(room, actor === romeo ? 'Romeo' : 'Juliet')))
            await actor.fence(room, ANSWER_MS)
          }
        const opened = `open-${++lastId}`
        romeo.send(serialize(configureRoom(room, opened, [])))
        const sent = new Map([[opened, 'the submission of a form']])
        for (const request of requests) {
          request.attrs.id = `request-${++lastId}`
          sent.set(request.attrs.id, String(request))
          romeo.send(serialize(request))
        }
        const answers = await answersTo(new Set(sent.keys()))
        const wrong = [...sent].filter(([id]) => answers.get(id) !== 1)
        expect(wrong.map(([id, request]) => `${answers.get(id) ?? 0} answers to ${request}`)).toEqual([])
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  }, 120_000)
}

/** What a client says once it has a session: stanzas, stream management and client state. RFC 6120 §7, XEP-0198, XEP-0352. */
import { NS } from '../stanza/ns.ts'
import { errorReply } from '../stanza/stanza-error.ts'
import type { StreamErrorCondition } from '../stanza/stream-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import { isBind } from './bind.ts'
import type { ServerLimits } from './limits.ts'
import type { Session } from './session.ts'
import { STANZAS } from './stanza-router.ts'
import {
  acknowledgement,
  countTooHigh,
  enabled,
  failed,
  managementRequest,
} from './stream-management/elements.ts'
import type { SleepingSessions } from './stream-management/sleeping-sessions.ts'
import { StreamManagement } from './stream-management/stream-management.ts'

/** What bound streams need of the server. */
export interface BoundEnv {
  readonly limits: ServerLimits
  readonly sleeping: SleepingSessions
  readonly stanza: (session: Session, stanza: Element) => void
}

/** The stream that a session is on. */
export interface BoundStream {
  writeElement(element: Element): void
  fail(condition: StreamErrorCondition, text: string, detail?: Element): void
  /** The client has handled what was sent to it, or not all of it. */
  acknowledged(isAnyLeft: boolean): void
}

/** Takes one element of the client. */
export function takeBound(env: BoundEnv, session: Session, stream: BoundStream, element: Element): void {
  const namespace = element.getNS()
  if (namespace === NS.streamManagement) takeManagement(env, session, stream, element)
  else if (namespace === NS.clientState) session.setActive(element.getName() !== 'inactive')
  else {
    if (STANZAS.has(element.name)) session.management?.countHandled()
    if (isBind(element)) refuseSecondBind(session, element)
    else env.stanza(session, element)
  }
}

function takeManagement(env: BoundEnv, session: Session, stream: BoundStream, element: Element): void {
  const request = managementRequest(element)
  const { management } = session
  switch (request.kind) {
    case 'enable':
      if (management) stream.writeElement(failed('unexpected-request', 'This is enabled already.'))
      else {
        session.management = new StreamManagement(env.limits)
        const resumption = request.isResumable ? env.sleeping.enable(session, request.maxSec) : undefined
        stream.writeElement(enabled(resumption?.id, resumption?.maxSec))
      }
      break
    case 'resume':
      stream.writeElement(failed('unexpected-request', 'This stream has a session already.'))
      break
    case 'ask':
      if (management) stream.writeElement(acknowledgement(management.handled))
      else stream.writeElement(failed('unexpected-request', NOT_ENABLED))
      break
    case 'acknowledge':
      if (management) takeAcknowledgement(management, stream, request.h)
      else stream.writeElement(failed('unexpected-request', NOT_ENABLED))
      break
    case 'malformed':
      stream.writeElement(failed('bad-request', 'This is not stream management as of XEP-0198.'))
      break
    default:
      request satisfies never
  }
}

/** Takes the count of a client that acknowledges or resumes; false when the stream had to end (XEP-0198 §4). */
export function takeAcknowledgement(management: StreamManagement, stream: BoundStream, h: number): boolean {
  const taken = management.acknowledge(h)
  if (taken.ok) stream.acknowledged(taken.value.isAnyLeft)
  else {
    const { claimed, sent } = taken.error
    const text = `You acknowledge ${claimed} stanzas, and ${sent} were sent.`
    stream.fail('undefined-condition', text, countTooHigh(claimed, sent))
  }
  return taken.ok
}

const NOT_ENABLED = 'Stream management is not enabled.'

function refuseSecondBind(session: Session, iq: Element): void {
  session.reply(
    errorReply(el('iq', { id: iq.attrs.id }), {
      type: 'cancel',
      condition: 'not-allowed',
      text: 'This stream has a resource already.',
    }),
  )
}

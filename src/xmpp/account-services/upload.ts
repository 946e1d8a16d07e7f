/** The upload service: what it is, and slots to upload files to. XEP-0363. */
import { NS } from '../../stanza/ns.ts'
import { type Element, el } from '../../stanza/xml.ts'
import type { UploadSlots } from '../upload-port.ts'
import { type IqAnswer, type IqRequest, type IqService, notServed, refuse, result } from './iq-service.ts'

const MAX_FILENAME_CHARACTERS = 255

/** Identity, feature, and the greatest file that the asking user may upload (§3). */
export const uploadInfo =
  (slots: UploadSlots): IqService =>
  ({ kind, payload, account }) => {
    if (kind === 'set') return notServed()
    if (payload.attrs.node !== undefined) return refuse('cancel', 'item-not-found', 'There is no such node.')
    const maxBytes = slots.maxBytes(account.isAnonymous)
    const field = (name: string, value: string, type?: string): Element =>
      el('field', { var: name, type }, el('value', {}, value))
    return result(
      el(
        'query',
        { xmlns: NS.discoInfo },
        el('identity', { category: 'store', type: 'file', name: 'Files' }),
        el('feature', { var: NS.discoInfo }),
        el('feature', { var: NS.upload }),
        el(
          'x',
          { xmlns: NS.dataForms, type: 'result' },
          field('FORM_TYPE', NS.upload, 'hidden'),
          field('max-file-size', String(maxBytes)),
        ),
      ),
    )
  }

/** A slot for a file of this name and size (§4), or why there is none (§5). */
export const slotRequest =
  (slots: UploadSlots): IqService =>
  ({ kind, payload, account }: IqRequest): IqAnswer => {
    if (kind === 'set') return notServed()
    const filename = String(payload.attrs.filename ?? '')
    const size = Number(payload.attrs.size || Number.NaN)
    if (filename === '' || filename.length > MAX_FILENAME_CHARACTERS || !Number.isInteger(size) || size < 1)
      return refuse('modify', 'bad-request', 'Tell the name of the file and its size in bytes.')
    const answer = slots.slot({ account: account.jid, isGuest: account.isAnonymous, filename, size })
    switch (answer.kind) {
      case 'slot': {
        const { url } = answer
        return result(el('slot', { xmlns: NS.upload }, el('put', { url }), el('get', { url })))
      }
      case 'too-large':
        return refuse(
          'modify',
          'not-acceptable',
          `A file may have ${answer.maxBytes} bytes.`,
          el('file-too-large', { xmlns: NS.upload }, el('max-file-size', {}, String(answer.maxBytes))),
        )
      case 'later': {
        const stamp = new Date(answer.retryAtMs).toISOString()
        return refuse(
          'wait',
          'resource-constraint',
          `Enough was uploaded for now; try again at ${stamp}.`,
          el('retry', { xmlns: NS.upload, stamp }),
        )
      }
    }
  }

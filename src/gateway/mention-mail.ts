/** Notices of mentions (XEP-0452) for accounts that are away. */
import { WaitingMail, type WaitingMailOptions } from './waiting-mail.ts'

/** Knows for whom something waits when it resolves. */
export async function openMentionMail(
  options: Omit<WaitingMailOptions, 'codes' | 'isWanted'>,
): Promise<WaitingMail> {
  const codes = { failed: 'MENTION_STORE', full: 'MENTIONS_FULL' }
  const mail = new WaitingMail({ ...options, codes, isWanted: () => true })
  await mail.load()
  return mail
}

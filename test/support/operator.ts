/** Somebody with slixmpp who makes rooms for other clients, moderates them, and sees who comes and says what. */
import type { ClientEvent, SlixmppClient } from './slixmpp.ts'

export class Operator {
  readonly client: SlixmppClient

  constructor(client: SlixmppClient) {
    this.client = client
  }

  /** Makes a room; fields are those of `muc#roomconfig`. */
  async open(room: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.client.do('join', { room, nick: 'Operator' })
    const set = Object.entries(fields).map(
      ([name, value]) => `<field var='muc#roomconfig_${name}'><value>${value}</value></field>`,
    )
    await this.client.do('set', {
      to: room,
      xml: `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>${set.join('')}</x></query>`,
    })
  }

  async say(room: string, body: string): Promise<void> {
    await this.client.do('say', { room, body })
  }

  async kick(room: string, nick: string, reason: string): Promise<void> {
    await this.client.do('set', {
      to: room,
      xml: `<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='${nick}' role='none'><reason>${reason}</reason></item></query>`,
    })
  }

  async invite(room: string, jid: string): Promise<void> {
    await this.client.do('send', {
      xml: `<message xmlns='jabber:client' to='${room}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='${jid}'><reason>come down</reason></invite></x></message>`,
    })
  }

  /** To wait for the next presence of an occupant after this call that is of this type. */
  next(room: string, nick: string, type = 'available'): () => Promise<ClientEvent> {
    const past = new Set(this.client.events)
    return () =>
      this.client.when(
        (e) =>
          !past.has(e) && e.event === 'presence' && e.room === room && e.nick === nick && e.type === type,
        60_000,
      )
  }

  /** Resolves when somebody of this nick has said this. */
  async hears(room: string, nick: string, body: string): Promise<void> {
    const said = await this.client.heard(room, body, 60_000)
    if (said.nick !== nick) throw new Error(`said by ${said.nick}, not ${nick}: ${body}`)
  }
}

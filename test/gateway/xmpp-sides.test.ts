// Two ways to XMPP users: by domain, each recipient once.
import { expect, test } from 'vitest'
import { domainOf, type XmppSide, xmppSide } from '../../src/gateway/xmpp-sides.ts'
import { el, prepare } from '../../src/stanza/xml.ts'

function side(name: string, log: string[], isReachable = true): XmppSide {
  return {
    send: (to) => log.push(`${name} ${to}`),
    fanout: (_stanza, to) => log.push(`${name} [${to.join(' ')}]`),
    isReachable: () => isReachable,
  }
}

test.each([
  ['ann@host.example/home', 'host.example'],
  ['ann@host.example', 'host.example'],
  ['host.example', 'host.example'],
  ['host.example/x@y', 'host.example'],
  ['ann@host.example/x@other/z', 'host.example'],
])('the domain of %s is %s', (address, domain) => {
  expect(domainOf(address)).toBe(domain)
})

test('users of our own domain are reached by the server, all others through the component', () => {
  const log: string[] = []
  const component = { ...side('component', log), isUp: false }
  const both = xmppSide({ server: side('server', log), serverDomain: 'in.example', component })
  both.send('ann@in.example/1', el('message'))
  both.send('bob@out.example', el('message'))
  both.fanout(prepare(el('message')), ['ann@in.example/1', 'bob@out.example/1', 'cat@in.example/2'])
  both.fanout(prepare(el('message')), ['bob@out.example/1'])
  both.fanout(prepare(el('message')), ['ann@in.example/1'])
  expect(log).toEqual([
    'server ann@in.example/1',
    'component bob@out.example',
    'server [ann@in.example/1 cat@in.example/2]',
    'component [bob@out.example/1]',
    'component [bob@out.example/1]',
    'server [ann@in.example/1]',
  ])
  expect(both.isReachable('ann@in.example')).toBe(true)
  expect(both.isReachable('bob@out.example')).toBe(false)
})

test('with one side only everything goes there', () => {
  const log: string[] = []
  const server = side('server', log)
  xmppSide({ server, serverDomain: 'in.example', component: null }).send('bob@out.example', el('message'))
  const component = { ...side('component', log), isUp: true }
  xmppSide({ server: null, serverDomain: undefined, component }).fanout(prepare(el('message')), ['a@b/c'])
  expect(log).toEqual(['server bob@out.example', 'component [a@b/c]'])
})

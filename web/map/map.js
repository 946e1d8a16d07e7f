// The presence map, kept up to date by server-sent events: state in, page out.
import { h, render } from '/lib/preact/preact.mjs'
import { isOperator, run } from './actions.js'
import { find } from './find.js'
import { Page } from './page.js'
import { RoundTrips } from './round-trips.js'
import { clock } from './words.js'

const byId = (id) => document.getElementById(id)
const roundTrips = new RoundTrips()
let map = null
/** Has something done; null for who is no operator. */
let act = null

function show() {
  if (map === null) return
  const found = find(map, byId('query').value)
  render(h(Page, { map, found, act, roundTrips: roundTrips.series }), byId('map'))
}

function take(news) {
  map = news
  roundTrips.add(map)
  byId('state').textContent = `Live. Version ${map.version}, as of ${clock(map.at)}`
  show()
}

const events = new EventSource('/api/events')
events.addEventListener('map', (event) => take(JSON.parse(event.data)))
events.addEventListener('error', () => {
  byId('state').textContent = 'The gateway does not answer; trying again. What is shown is old.'
})
// Events come when something changes; round trips are measured all the time.
setInterval(async () => {
  if (document.hidden || events.readyState !== EventSource.OPEN) return
  const answer = await fetch('/api/map').catch(() => null)
  if (answer?.ok) take(await answer.json())
}, 10_000)
byId('query').addEventListener('input', show)
byId('query').form.addEventListener('submit', (event) => event.preventDefault())
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show)
if (await isOperator()) {
  act = async (command, args) => {
    byId('outcome').textContent = `Doing: ${command}…`
    byId('outcome').textContent = await run(command, args)
  }
  show()
}

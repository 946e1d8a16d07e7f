// The presence map: state in, page out.
import { h, render } from '/lib/preact/preact.mjs'
import { isOperator, run } from './actions.js'
import { find } from './find.js'
import { follow } from './follow.js'
import { Page } from './page.js'
import { RoundTrips } from './round-trips.js'
import { clock } from './words.js'

const byId = (id) => document.getElementById(id)
const roundTrips = new RoundTrips()
let map = null
/** Has something done, one thing after another, and says whether it was; null for who is no operator. */
let act = null

/** What nobody looks at is not drawn. */
function show() {
  if (map === null || document.hidden) return
  byId('at').textContent = `Version ${map.version}, as of ${clock(map.at)}`
  const found = find(map, byId('query').value)
  render(h(Page, { map, found, act, roundTrips: roundTrips.series }), byId('map'))
}

/** Screen readers tell of each change: only news are written. */
function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text
}

follow(
  (news) => {
    map = news
    roundTrips.add(map)
    say('state', 'Live.')
    show()
  },
  () => say('state', 'The gateway does not answer; trying again. What is shown is old.'),
)
document.addEventListener('visibilitychange', show)
byId('query').addEventListener('input', show)
byId('query').form.addEventListener('submit', (event) => event.preventDefault())
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show)

if (await isOperator()) {
  const waiting = new Set()
  let turn = Promise.resolve()
  act = (command, args) => {
    // A second click on the same button asks for nothing more.
    const wish = JSON.stringify([command, args])
    if (waiting.has(wish)) return Promise.resolve(false)
    waiting.add(wish)
    turn = turn.then(async () => {
      say('outcome', `Doing: ${command}…`)
      const { isDone, words } = await run(command, args)
      say('outcome', words)
      waiting.delete(wish)
      return isDone
    })
    return turn
  }
  show()
}

// The map as the gateway tells it: by server-sent events, and asked for now and then, as round trips make no event.

const ASK_EVERY_MS = 10_000
const TRY_AGAIN_MS = 5_000

/** Calls `onMap` with each map, and `onSilence` when the gateway does not answer; tries again until it does. */
export function follow(onMap, onSilence) {
  let lastAt = ''
  const take = (map) => {
    lastAt = map.at
    onMap(map)
  }
  let events
  const connect = () => {
    events = new EventSource('/api/events')
    events.addEventListener('map', (event) => take(JSON.parse(event.data)))
    events.addEventListener('error', () => {
      onSilence()
      // Browsers give up when they get an answer that is no stream: of a proxy, say.
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, TRY_AGAIN_MS)
    })
  }
  connect()
  setInterval(async () => {
    if (document.hidden || events.readyState !== EventSource.OPEN) return
    const map = await ask()
    // It may have been overtaken by an event. ISO times are in order as texts.
    if (map !== null && map.at >= lastAt) take(map)
  }, ASK_EVERY_MS)
}

async function ask() {
  const answer = await fetch('/api/map').catch(() => null)
  return answer?.ok ? answer.json().catch(() => null) : null
}

// The presence map of a running gateway, as its event stream tells it.

/** Resolves with the map as soon as `isWanted` holds for it; events, not polling. */
export async function mapWhen<T>(
  httpPort: number,
  isWanted: (map: T) => boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const abort = AbortSignal.timeout(timeoutMs)
  const response = await fetch(`http://127.0.0.1:${httpPort}/api/events`, { signal: abort })
  let text = ''
  let last = ''
  try {
    for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(
      new TextDecoderStream(),
    )) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
        text = text.slice(end + 2)
        if (data === undefined) continue
        last = data
        const map = JSON.parse(data) as T
        if (isWanted(map)) return map
      }
    }
  } catch (error) {
    throw new Error(`the map never became as wanted: ${last}`, { cause: error })
  }
  throw new Error(`the event stream ended; last map: ${last}`)
}

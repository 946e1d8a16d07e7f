// A long list is drawn in parts: what nobody asks to see costs nothing.
import { Component, h } from '/lib/preact/preact.mjs'

/** Draws the first `step` of `items`, and so many more whenever that is asked for; `what` says what they are. */
export class Paged extends Component {
  state = { parts: 1 }

  render({ items, step, what, draw }, { parts }) {
    const shown = items.slice(0, parts * step)
    const more = Math.min(step, items.length - shown.length)
    if (more === 0) return draw(shown)
    const onClick = () => this.setState({ parts: parts + 1 })
    return [
      draw(shown),
      h('p', { class: 'more' }, [
        h(
          'button',
          { type: 'button', onClick, 'aria-label': `Show ${more} more: ${what}` },
          `Show ${more} more`,
        ),
        ` ${shown.length} of ${items.length} are shown.`,
      ]),
    ]
  }
}

// A table with a caption; what does not fit is scrolled to.
import { h } from '/lib/preact/preact.mjs'

/** `rows`: `{ key, id?, className?, cells }`; the first cell heads its row. Nothing without rows. */
export function Table({ caption, headings, rows }) {
  if (rows.length === 0) return null
  const row = ({ key, id, className, cells }) =>
    h(
      'tr',
      { key, id, class: className },
      cells.map((cell, i) =>
        i === 0 ? h('th', { scope: 'row' }, cell) : h('td', { 'data-heading': headings[i] }, cell ?? '–'),
      ),
    )
  return h('div', { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 }, [
    h('table', {}, [
      h('caption', {}, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          headings.map((heading) => h('th', { scope: 'col' }, heading)),
        ),
      ),
      h('tbody', {}, rows.map(row)),
    ]),
  ])
}

/** A state as a coloured dot and a word, so that nobody depends on the colour. */
export const State = ({ kind, children }) => h('span', { class: `state ${kind}` }, children)

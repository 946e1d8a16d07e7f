// A table with a caption; what does not fit is scrolled to.
import { h } from '/lib/preact/preact.mjs'
import { Paged } from './paged.js'
import { clock } from './words.js'

/** Rows that are drawn before somebody asks for more. */
const STEP = 25

/**
 * `row` makes `{ key, id?, cells }` of an item; the first cell heads its row. Nothing without items. The roles are those
 * of the elements, which lose them where a phone shows rows as cards.
 */
export function Table({ caption, headings, items, row }) {
  if (items.length === 0) return null
  const draw = (shown) =>
    h('div', { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 }, [
      h('table', { role: 'table', 'aria-rowcount': items.length + 1 }, [
        h('caption', {}, caption),
        h(
          'thead',
          { role: 'rowgroup' },
          h(
            'tr',
            { role: 'row' },
            headings.map((heading) => h('th', { scope: 'col', role: 'columnheader' }, heading)),
          ),
        ),
        h(
          'tbody',
          { role: 'rowgroup' },
          shown.map((item) => drawRow(row(item), headings)),
        ),
      ]),
    ])
  return h(Paged, { items, step: STEP, what: caption, draw })
}

const drawRow = ({ key, id, cells }, headings) =>
  h(
    'tr',
    { key, id, role: 'row' },
    cells.map((cell, i) =>
      i === 0
        ? h('th', { scope: 'row', role: 'rowheader' }, cell)
        : h('td', { role: 'cell', 'data-heading': headings[i] }, cell ?? '–'),
    ),
  )

/** A state as a coloured dot and a word, so that nobody depends on the colour. */
export const State = ({ kind, children }) => h('span', { class: `state ${kind}` }, children)

/** A moment (ISO 8601) as people read it. */
export const Time = ({ at }) => h('time', { datetime: at, title: new Date(at).toLocaleString() }, clock(at))

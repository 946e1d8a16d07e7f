// Values over time, drawn by uPlot.

import { Component, h } from '/lib/preact/preact.mjs'
import uPlot from '/lib/uplot/uPlot.esm.js'
import { clock } from './words.js'

const COLOURS = ['#1f77b4', '#e07b00', '#2ca02c', '#c5372c', '#8a63d2', '#8c6d31']
const HEIGHT = 180
/** So much time is shown at least. */
const LEAST_SEC = 60

/** `series`: `{ times, lines: [{ name, values }] }`, times in seconds since 1970, null where nothing is known. */
export class Plot extends Component {
  #frame = null
  #plot = null
  #drawn = ''
  #take = (frame) => {
    this.#frame = frame
  }
  #observer = new ResizeObserver(([entry]) =>
    this.#plot?.setSize({ width: Math.floor(entry.contentRect.width), height: HEIGHT }),
  )

  componentDidMount() {
    this.#observer.observe(this.#frame)
    this.#draw()
  }

  componentDidUpdate() {
    this.#draw()
  }

  componentWillUnmount() {
    this.#observer.disconnect()
    this.#plot?.destroy()
  }

  render({ title, unit, series }) {
    const isEmpty = series.lines.length === 0
    const label = `${title}. ${inWords(series.lines, unit)}`
    return h('figure', { class: 'plot' }, [
      h('figcaption', {}, title),
      h('div', { ref: this.#take, hidden: isEmpty, role: 'img', 'aria-label': label }),
      isEmpty ? h('p', {}, 'Nothing yet.') : null,
    ])
  }

  /** Only when other lines or colours are wanted a new plot is made. */
  #draw() {
    const { series, unit } = this.props
    const data = [series.times, ...series.lines.map(({ values }) => values)]
    const ink = getComputedStyle(this.#frame).color
    const wanted = JSON.stringify([ink, series.lines.map(({ name }) => name)])
    if (wanted === this.#drawn) {
      this.#plot?.setData(data)
      return
    }
    this.#drawn = wanted
    this.#plot?.destroy()
    this.#plot = null
    if (series.lines.length > 0) this.#plot = new uPlot(this.#options(ink, unit), data, this.#frame)
  }

  #options(ink, unit) {
    const axis = { stroke: ink, grid: { stroke: `color-mix(in srgb, ${ink} 15%, transparent)` } }
    return {
      width: Math.floor(this.#frame.clientWidth) || 320,
      height: HEIGHT,
      scales: {
        x: { range: (_, first, last) => [first, Math.max(last, first + LEAST_SEC)] },
        y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
      },
      axes: [axis, { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => `${tick}${unit}`) }],
      series: [
        { value: (plot, sec, line, i) => moment(i === null ? last(plot.data[line]) : sec) },
        ...this.props.series.lines.map(({ name }, i) => ({
          label: name,
          stroke: COLOURS[i % COLOURS.length],
          width: 2,
          points: { show: true, size: 5 },
          value: (plot, value, line, i) => inUnit(i === null ? last(plot.data[line]) : value, unit),
        })),
      ],
    }
  }
}

/** The legend shows what the pointer is at, or else the last values. */
const last = (values) => values.findLast(isKnown)
const isKnown = (value) => value !== null && value !== undefined
const inUnit = (value, unit) => (isKnown(value) ? `${Math.round(value)}${unit}` : '–')
const moment = (sec) => (isKnown(sec) ? clock(new Date(sec * 1000).toISOString()) : '–')

/** For who does not see it: of each line what it ends at, and its highest value. */
const inWords = (lines, unit) =>
  lines
    .map(({ name, values }) => {
      const most = Math.max(...values.filter(isKnown))
      return `${name}: ${inUnit(last(values), unit)} last, ${inUnit(most, unit)} at most.`
    })
    .join(' ')

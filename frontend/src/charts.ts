// <data-chart>: a chart over a table that says the same. Words and numbers come with the element, colours from the tokens.
// The table stays: it is folded under the chart, for readers of screens and whoever wants the numbers.
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { element, one, words } from './dom'

use([BarChart, CustomChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer])

interface Bars {
  kind: 'bars' | 'pairs'
  names: string[]
  urls?: string[]
  unit: string
  series: { name: string; values: (number | null)[]; tone: string }[]
}
interface Bands {
  kind: 'bands'
  names: string[]
  urls: string[]
  unit: string
  values: [number, number, number, number | null][]
  whole: number | null
  words: Record<'value' | 'past' | 'whole', string>
}
interface Forecast {
  kind: 'forecast'
  unit: string
  past: [string, number][]
  days: [string, number, number, number][]
  words: Record<'past' | 'days' | 'interval', string>
}
type Content = Bars | Bands | Forecast
type Option = Parameters<EChartsType['setOption']>[0]

const LINE = 30 // pixels for a line of bars
const NARROW = 560

function tone(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

const still = { animation: false } // nothing moves that carries meaning

function frame(): Option {
  const ink = tone('ink')
  return {
    ...still,
    textStyle: { fontFamily: tone('font') || 'system-ui, sans-serif', color: ink },
    grid: { left: 8, right: 24, top: 40, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, textStyle: { color: ink }, itemWidth: 14, itemHeight: 10 },
    tooltip: { trigger: 'axis', confine: true, axisPointer: { type: 'shadow' }, backgroundColor: tone('surface'), borderColor: tone('rule'), textStyle: { color: ink } },
  }
}

const across = (names: string[], narrow: boolean) => ({
  type: 'category' as const,
  data: names,
  inverse: true,
  axisLine: { lineStyle: { color: tone('edge') } },
  axisTick: { show: false },
  axisLabel: { color: tone('ink'), width: narrow ? 92 : 170, overflow: 'truncate' as const },
})

const measured = () => ({
  type: 'value' as const,
  axisLabel: { color: tone('quiet') },
  splitLine: { lineStyle: { color: tone('rule') } },
  minInterval: 1,
})

function bars(content: Bars, narrow: boolean): Option {
  return {
    ...frame(),
    xAxis: { ...measured(), min: 0 },
    yAxis: across(content.names, narrow),
    series: content.series.map((each) => ({
      type: 'bar',
      name: `${each.name} (${content.unit})`,
      stack: content.kind === 'bars' ? 'all' : undefined,
      barMaxWidth: 18,
      data: each.values,
      itemStyle: { color: tone(each.tone), opacity: each.tone === 'now' ? 1 : 0.7 },
    })),
  } as Option
}

/** A point with its interval as a line, the own past as a hollow point, all together as a line over the whole height. */
function bands(content: Bands, narrow: boolean): Option {
  return {
    ...frame(),
    xAxis: { ...measured(), min: 0, max: 100 },
    yAxis: across(content.names, narrow),
    series: [
      {
        type: 'custom',
        name: `${content.words.value} (${content.unit})`,
        itemStyle: { color: tone('brand') },
        data: content.values.map(([, low, high], place) => [low, high, place]),
        encode: { x: [0, 1], y: 2 },
        renderItem: (_params: unknown, api: { value: (at: number) => number; coord: (at: number[]) => number[] }) => {
          const [from, y] = api.coord([api.value(0), api.value(2)])
          const [to] = api.coord([api.value(1), api.value(2)])
          return { type: 'line', shape: { x1: from, x2: to, y1: y, y2: y }, style: { stroke: tone('brand'), lineWidth: 6, opacity: 0.3 } }
        },
        tooltip: { show: false },
      },
      {
        type: 'scatter',
        name: `${content.words.value} (${content.unit})`,
        symbolSize: 10,
        itemStyle: { color: tone('brand') },
        data: content.values.map(([value], place) => [value, place]),
        markLine: content.whole === null ? undefined : {
          symbol: 'none', silent: true, lineStyle: { color: tone('ink'), type: 'dashed' },
          label: { formatter: content.words.whole, color: tone('ink'), position: 'start', distance: 2, backgroundColor: tone('paper') }, data: [{ xAxis: content.whole }],
        },
      },
      {
        type: 'scatter',
        name: content.words.past,
        symbolSize: 9,
        itemStyle: { color: tone('surface'), borderColor: tone('quiet'), borderWidth: 2 },
        data: content.values.flatMap(([, , , past], place) => (past === null ? [] : [[past, place]])),
      },
    ],
  } as Option
}

function forecast(content: Forecast): Option {
  const past = content.past.map(([, count]) => count as number | null)
  const none = content.days.map(() => null as number | null)
  const before = content.past.map(() => null as number | null)
  const line = { type: 'line', symbolSize: 5, showSymbol: true }
  return {
    ...frame(),
    xAxis: {
      type: 'category', data: [...content.past, ...content.days].map(([day]) => day), axisTick: { show: false },
      axisLine: { lineStyle: { color: tone('edge') } }, axisLabel: { color: tone('quiet'), hideOverlap: true },
    },
    yAxis: { ...measured(), min: 0 },
    series: [
      { ...line, name: `${content.words.past} (${content.unit})`, data: [...past, ...none], itemStyle: { color: tone('ink') }, lineStyle: { color: tone('ink'), width: 2 } },
      { type: 'line', stack: 'interval', data: [...before, ...content.days.map(([, , low]) => low)], symbol: 'none', lineStyle: { opacity: 0 }, tooltip: { show: false }, silent: true },
      {
        type: 'line', stack: 'interval', name: content.words.interval, symbol: 'none', silent: true,
        data: [...before, ...content.days.map(([, , low, high]) => Math.round((high - low) * 10) / 10)],
        itemStyle: { color: tone('brand'), opacity: 0.25 }, lineStyle: { opacity: 0 }, areaStyle: { color: tone('brand'), opacity: 0.18 }, tooltip: { show: false },
      },
      { ...line, name: content.words.days, data: [...before, ...content.days.map(([, number]) => number)], itemStyle: { color: tone('brand') }, lineStyle: { color: tone('brand'), width: 2, type: 'dashed' } },
    ],
  } as Option
}

class DataChart extends HTMLElement {
  private drawn: EChartsType | null = null
  private content: Content | null = null

  connectedCallback(): void {
    if (this.drawn) return
    this.content = JSON.parse(this.dataset['chart'] ?? 'null') as Content | null
    if (!this.content || !this.lines()) return
    this.classList.add('chart-drawn')
    this.setAttribute('role', 'img')
    this.setAttribute('aria-label', this.dataset['label'] ?? '')
    if (this.content.kind !== 'forecast') this.style.blockSize = `${Math.max(140, 80 + LINE * this.lines())}px`
    this.drawn = init(this, undefined, { renderer: 'svg' })
    this.draw()
    this.fold()
    new ResizeObserver(() => this.draw(true)).observe(this)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw())
    this.drawn.on('click', (at) => {
      const url = this.content && 'urls' in this.content ? this.content.urls?.[at.dataIndex] : undefined
      if (url) location.assign(url)
    })
  }

  private lines(): number {
    if (!this.content) return 0
    if (this.content.kind === 'forecast') return this.content.days.length
    return this.content.names.length * (this.content.kind === 'pairs' ? 1.4 : 1)
  }

  private draw(resized = false): void {
    if (!this.drawn || !this.content) return
    if (resized) this.drawn.resize()
    const narrow = this.clientWidth < NARROW
    const { content } = this
    const option = content.kind === 'forecast' ? forecast(content) : content.kind === 'bands' ? bands(content, narrow) : bars(content, narrow)
    this.drawn.setOption(option, true)
  }

  /** Fold the table behind the chart; who opens it finds every number and link. */
  private fold(): void {
    const next = this.nextElementSibling
    const table = next instanceof HTMLElement ? one('table[data-table-of-chart]', next) : null
    if (!next || !table) return
    const details = element('details', { class: 'chart-table' })
    next.before(details)
    details.append(element('summary', {}, words(table, 'table')), next)
  }
}

customElements.define('data-chart', DataChart)

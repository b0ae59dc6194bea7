/** The least that WCAG 2.2 asks of text. */
export const CONTRAST_MIN = 4.5

/** In the page: how each text, and each line of a chart, stands out from what is behind it. */
export function measureContrast () {
  type Colour = [number, number, number, number]
  const parse = (text: string): Colour => {
    const [r = 0, g = 0, b = 0, a = 1] = (/\(([^)]+)\)/.exec(text)?.[1] ?? '').split(/[\s,/]+/).map(Number)
    return [r, g, b, a]
  }
  const luminance = ([r, g, b]: Colour) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0)
  const ratio = (one: Colour, other: Colour) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
    return Math.round((light + 0.05) / (dark + 0.05) * 100) / 100
  }
  function behind (element: Element): Colour {
    for (let at: Element | null = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor)
      if (colour[3] === 1) return colour
      if (at.tagName === 'DIALOG') break
    }
    return parse(getComputedStyle(document.body).backgroundColor)
  }
  const isShown = (element: Element) => element.getClientRects().length > 0
  const texts = [...document.querySelectorAll('body *')]
    .filter(element => isShown(element) && [...element.childNodes].some(node => node.nodeType === 3 && node.nodeValue?.trim()))
    .map(element => ({ text: element.textContent!.trim().slice(0, 30), ratio: ratio(parse(getComputedStyle(element).color), behind(element)) }))
  const lines = [...document.querySelectorAll('.line, .tile .outline')].filter(isShown)
    .map(element => ({ line: element.getAttribute('class'), ratio: ratio(parse(getComputedStyle(element).stroke), behind(element)) }))
  return { texts, lines }
}

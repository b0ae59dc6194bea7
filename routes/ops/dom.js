/** Elements made piece by piece: no text is ever read as HTML, whatever a ticket or a reason holds. */

const SVG = 'http://www.w3.org/2000/svg'

/**
 * @typedef {string | Node} Child
 */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make (name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...children)
  return element
}

/**
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...Node} children
 */
export function makeSvg (name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...children)
  return element
}

/**
 * An element of the page that is surely there.
 * @param {string} id
 */
export function byId (id) {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element
}

/**
 * A copy of what a template holds.
 * @param {string} id
 */
export function copyOf (id) {
  return /** @type {HTMLTemplateElement} */ (byId(id)).content.cloneNode(true)
}

/**
 * Text is set only where it changes, so that a selection or a live region is left alone.
 * @param {Element} element
 * @param {string} text
 */
export function setText (element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * A note that is there only while it says something.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setNote (element, text) {
  setText(element, text)
  element.hidden = text === ''
}

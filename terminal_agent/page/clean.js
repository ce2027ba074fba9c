// The paper's content, built anew from what is allowed.
//
// Provisioning has cleaned it already, and the policy of the page forbids foreign and
// inline code; this is the wall between. Content is parsed into a document that runs
// nothing and loads nothing, and only elements and attributes of these lists are made
// again here. Unknown elements give way to their text; those of DROPPED vanish whole.

import { pictureAddress, takeAhead } from "./ahead.js";

const HTML = "http://www.w3.org/1999/xhtml";
const MATHML = "http://www.w3.org/1998/Math/MathML";

const words = (text) => new Set(text.trim().split(/\s+/));

export const ELEMENTS = words(`
  p div span br hr ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td
  strong em b i u s big tt bdi bdo dfn sub sup small code pre blockquote q cite h1 h2 h3 h4 h5 h6 figure
  figcaption img ruby rt rp abbr mark del ins kbd samp var section article header footer
  address`);
const DROPPED = words(`
  script style iframe frame frameset object embed applet template input textarea select
  link meta base title head svg audio video source track canvas portal`);
export const MATH = words(`
  math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom
  mfenced menclose msub msup msubsup munder mover munderover mmultiscripts mprescripts
  none mtable mtr mtd mlabeledtr semantics`);
export const MATH_ATTRIBUTES = words(`
  display displaystyle scriptlevel mathvariant stretchy symmetric fence separator form
  lspace rspace minsize maxsize largeop movablelimits accent accentunder linethickness
  columnalign rowalign columnspan rowspan columnlines rowlines frame width height depth
  voffset notation open close separators dir alttext`);
export const ATTRIBUTES = {
  td: words("colspan rowspan headers"),
  th: words("colspan rowspan scope headers"),
  col: words("span"),
  colgroup: words("span"),
  ol: words("start type reversed"),
  li: words("value"),
};
export const EVERYWHERE = words("lang dir title");
const ASSET = /^assets\/([0-9a-f]{64}\.[a-z0-9]{1,5})$/;
const SIZE = /^[0-9]{1,4}$/;

const policy = globalThis.trustedTypes?.createPolicy("examhall", { createHTML: (html) => html });

// A fragment of fresh nodes; blank(id) makes the field that stands for a gap.
export function clean(html, blank = () => null) {
  const inert = new DOMParser().parseFromString(
    policy ? policy.createHTML(html) : html,
    "text/html",
  );
  const fragment = document.createDocumentFragment();
  for (const node of inert.body.childNodes) fragment.append(...again(node, blank));
  return fragment;
}

function again(node, blank) {
  if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.data)];
  if (node.nodeType !== Node.ELEMENT_NODE) return [];
  const name = node.localName;
  if (node.namespaceURI === MATHML) return MATH.has(name) ? [math(node, blank)] : [];
  if (node.namespaceURI !== HTML || DROPPED.has(name)) return [];
  if (name === "img") return image(node);
  if (node.hasAttribute("data-blank"))
    return [blank(node.getAttribute("data-blank"))].filter(Boolean);
  const children = inner(node, blank);
  if (!ELEMENTS.has(name)) return children;
  const element = document.createElement(name);
  copy(node, element, (attribute) => ATTRIBUTES[name]?.has(attribute) || EVERYWHERE.has(attribute));
  element.append(...children);
  return [element];
}

function inner(node, blank) {
  return [...node.childNodes].flatMap((child) => again(child, blank));
}

function math(node, blank) {
  const element = document.createElementNS(MATHML, node.localName);
  copy(node, element, (attribute) => MATH_ATTRIBUTES.has(attribute));
  element.append(...inner(node, blank));
  return element;
}

function image(node) {
  const name = ASSET.exec(node.getAttribute("src") ?? "")?.[1];
  if (!name) return [];
  const ahead = takeAhead(name);
  const element = ahead ?? document.createElement("img");
  if (!ahead) element.src = pictureAddress(name);
  element.alt = node.getAttribute("alt") ?? "";
  copy(node, element, (attribute, value) => /^(width|height)$/.test(attribute) && SIZE.test(value));
  return [element];
}

function copy(from, to, allowed) {
  for (const { name, value } of from.attributes)
    if (allowed(name, value)) to.setAttribute(name, value);
}

export type Edge = 'bottom' | 'right';

/**
 * Pads the page at the panel's edge, so that everything the panel covers can be scrolled into view. Returns the
 * removal. A style sheet, because the app may rewrite the root's attributes.
 */
export function padPage(edge: Edge, px: number): () => void {
  const sheet = new CSSStyleSheet();
  // As a border box, a full-height root keeps its height, and elements that fill the page shrink.
  sheet.replaceSync(
    `:root { box-sizing: border-box !important; padding-${edge}: ${px}px !important; scroll-padding-${edge}: ${px}px !important; }`,
  );
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}

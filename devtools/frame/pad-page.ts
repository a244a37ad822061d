export type Edge = 'bottom' | 'right';

/**
 * Pads the page at the panel's edge, so that the panel covers nothing that cannot be scrolled into view. Returns the
 * removal. A style sheet, because the app may rewrite the root's attributes.
 */
export function padPage(edge: Edge, px: number): () => void {
  const sheet = new CSSStyleSheet();
  // As a border box, a root of full height keeps it, and what fills the page becomes smaller.
  sheet.replaceSync(
    `:root { box-sizing: border-box !important; padding-${edge}: ${px}px !important; scroll-padding-${edge}: ${px}px !important; }`,
  );
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}

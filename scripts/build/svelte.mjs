import { readFile } from 'node:fs/promises';
import { compile } from 'svelte/compiler';

/** Svelte components for the browser. Their styles are adopted from a style sheet, as a strict CSP wants it. @returns {import('rolldown').Plugin} */
export function compileSvelte() {
  return {
    name: 'svelte-components',
    transform: {
      filter: { id: /\.svelte$/ },
      handler(code, id) {
        const { js, css } = compile(code, { filename: id, generate: 'client', css: 'external', dev: false });
        if (css !== null)
          this.error(`${id} has a <style> of its own, which nothing would carry into the page.`);
        return { code: js.code, map: js.map };
      },
    },
  };
}

/** `import css from './x.css?inline'` gives the text, as Vite does. @returns {import('rolldown').Plugin} */
export function inlineCss() {
  return {
    name: 'inline-css',
    load: {
      filter: { id: /\.css\?inline$/ },
      async handler(id) {
        const css = await readFile(id.replace(/\?inline$/, ''), 'utf8');
        return { code: `export default ${JSON.stringify(css)};`, moduleType: 'js' };
      },
    },
  };
}

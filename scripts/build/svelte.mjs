import { readFile } from 'node:fs/promises';
import { transform } from 'rolldown/utils';
import { compile, compileModule } from 'svelte/compiler';

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

/** Modules with runes; their types are taken off first, as the compiler reads JavaScript. @returns {import('rolldown').Plugin} */
export function compileRunes() {
  return {
    name: 'svelte-runes',
    transform: {
      filter: { id: /\.svelte\.ts$/ },
      async handler(code, id) {
        const { code: plain, errors } = await transform(id, code);
        if (errors[0]) this.error(errors[0]);
        const { js } = compileModule(plain, { filename: id, generate: 'client', dev: false });
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

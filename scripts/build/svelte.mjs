import { readFile } from 'node:fs/promises';
import { transform } from 'rolldown/utils';
import { compile, compileModule } from 'svelte/compiler';

/** Compiles Svelte components. Their styles come from an adopted style sheet, because a strict CSP forbids inline styles. @returns {import('rolldown').Plugin} */
export function compileSvelte() {
  return {
    name: 'svelte-components',
    transform: {
      filter: { id: /\.svelte$/ },
      handler(code, id) {
        const { js, css } = compile(code, { filename: id, generate: 'client', css: 'external', dev: false });
        if (css !== null)
          this.error(`${id} has a <style> block, which the build would drop. Use the shared style sheet.`);
        return { code: js.code, map: js.map };
      },
    },
  };
}

/** Compiles modules with runes. Removes their types first, because the compiler reads JavaScript. @returns {import('rolldown').Plugin} */
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

/** `import css from './x.css?inline'` returns the text, as in Vite. @returns {import('rolldown').Plugin} */
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

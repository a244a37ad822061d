import { readFileSync } from 'node:fs';

const repository = 'https://github.com/MaiaOS/kernel';

/** TypeDoc's list of the API, which `npm run docs` writes first. @type {any[]} */
const api = JSON.parse(readFileSync(new URL('../api/typedoc-sidebar.json', import.meta.url), 'utf8'));

/** @param {string} text @param {string} link */
const page = (text, link) => ({ text, link });

const guides = [
  {
    text: 'Start',
    items: [
      page('Start', '/start'),
      page('Starters', '/starters'),
      page('Concepts', '/concepts'),
      page('Compare', '/compare'),
    ],
  },
  {
    text: 'Guides',
    items: [
      page('Accounts', '/accounts'),
      page('Sharing', '/reference/sharing'),
      page('Names', '/reference/names'),
      page('Presence', '/reference/presence'),
      page('Files', '/reference/files'),
      page('Recipes', '/recipes'),
      page('jazz-tools', '/reference/jazz'),
      page('Delivery after the last tab', '/reference/worker'),
      page('Testing', '/reference/testing'),
      page('Find out why it does not sync', '/why-not-synced'),
      page('The panel', '/reference/panel'),
    ],
  },
  {
    text: 'Relay',
    items: [
      page('Running a relay', '/operations'),
      page('What the relay sees', '/what-the-relay-sees'),
      page('Scale', '/scale'),
      page('Without a connection', '/stateless'),
      page('Own transport', '/own-transport'),
      page('Protocol', '/protocol'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Sessions', '/reference/sessions'),
      page('CoValues', '/reference/covalues'),
      page('Passkeys and the phrase', '/reference/passkeys'),
      page('Sync', '/reference/sync'),
      page('Storage', '/reference/storage'),
      page('The relay', '/reference/relay'),
      page('The Vite plugin', '/reference/vite'),
      page('The package', '/reference/package'),
      page('Options', '/reference/options'),
      page('Errors', '/errors'),
      page('Specification', '/spec'),
    ],
  },
  { text: 'API', link: '/api/' },
];

/**
 * The API of one entry, without the buttons of groups: a screen reader would find a link in a button.
 * @param {readonly any[]} items @returns {any[]}
 */
const expanded = (items) =>
  items.map(({ text, link, items }) => ({ text, link, ...(items && { items: expanded(items) }) }));

export default {
  title: '@MaiaOS/kernel',
  description: 'Local-first sync in the browser, with an end-to-end-encrypted account from one passkey tap.',
  srcExclude: ['.vitepress/**', 'starters/**'],
  cleanUrls: true,
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    /** Links out of this folder lead to the repository. @param {any} md of markdown-it */
    config(md) {
      const { link_open: open } = md.renderer.rules;
      md.renderer.rules.link_open = (
        /** @type {any} */ tokens,
        /** @type {number} */ index,
        /** @type {any} */ options,
        /** @type {{ relativePath: string }} */ env,
        /** @type {any} */ self,
      ) => {
        const token = tokens[index];
        const [, ups = '', path = ''] = /^((?:\.\.\/)*)(.*)$/.exec(token.attrGet('href')) ?? [];
        const leaves = ups.length / 3 >= env.relativePath.split('/').length;
        if (leaves) token.attrSet('href', `${repository}/blob/main/${path}`);
        return open(tokens, index, options, env, self);
      };
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    nav: [
      page('Start', '/start'),
      page('Reference', '/reference/sessions'),
      page('API', '/api/'),
      page('Errors', '/errors'),
    ],
    sidebar: { '/': guides, ...Object.fromEntries(api.map((entry) => [entry.link, expanded([entry])])) },
  },
};

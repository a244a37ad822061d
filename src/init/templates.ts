/** The templates, each a folder in docs/starters, with what their app is written in. */
export const templates = {
  vanilla: 'TypeScript',
  svelte: 'Svelte',
  react: 'React',
  vue: 'Vue',
} as const;

export type Template = keyof typeof templates;

/** For sentences. */
export const templateNames = 'vanilla, svelte, react or vue';

export function isTemplate(name: string): name is Template {
  return Object.hasOwn(templates, name);
}

/**
 * Names the modules of the API as an app imports them, without the scope. A plugin of TypeDoc.
 * @param {{ converter: { on(event: string, listener: (context: { project: { children?: { name: string }[] } }) => void): void } }} app
 */
export function load(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const entry of project.children ?? [])
      entry.name = entry.name === 'devtools' ? 'kernel/devtools' : entry.name.replace(/^src/, 'kernel');
  });
}

/** Drawn in a box of 14 by 14. */
export const icons = {
  close: 'm3 3 8 8M11 3l-8 8',
  copy: 'M6 5h5a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM9 2.5H3.5a1 1 0 0 0-1 1V9',
  cross: 'm3.5 3.5 7 7M10.5 3.5l-7 7',
  warning: 'M7 2 12.5 12h-11zM7 6v3M7 10.6v.1',
  pause: 'M4.5 3v8M9.5 3v8',
  play: 'M4.5 2.5 11 7l-6.5 4.5z',
  again: 'M11.5 7a4.5 4.5 0 1 1-1.4-3.200M11.5 1.5v2.800H8.700',
  find: 'M10 6a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM9 9l3.5 3.5',
  up: 'M7 11.5v-9M3.5 6 7 2.500 10.500 6',
  down: 'M7 2.500v9M3.500 8 7 11.500 10.500 8',
  dot: 'M5.500 7h3',
  save: 'M7 2v7M4 6.500 7 9.500l3-3M2.500 12h9',
  load: 'M7 9.500v-7M4 5.500 7 2.500l3 3M2.500 12h9',
  right: 'M2 7h9M8 4l3 3-3 3',
  dockBottom: 'M2 2.500h10v9H2zM2 8.500h10',
  dockRight: 'M2 2.500h10v9H2zM8.500 2.500v9',
  detach: 'M6 3H2.500v8.500H11V8M8 2.500h3.500V6M11.500 2.500 6.500 7.500',
  system: 'M7 2a5 5 0 1 1 0 10A5 5 0 0 1 7 2zM7 2v10',
  light:
    'M9.5 7a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM7 1v1.200M7 11.800V13M1 7h1.200M11.800 7H13M2.800 2.800l.8.8M10.400 10.400l.8.8M2.800 11.200l.8-.8M10.400 3.6l.8-.8',
  dark: 'M11.5 8.6A5 5 0 0 1 5.400 2.5a5 5 0 1 0 6.100 6.100z',
} as const;
export type IconName = keyof typeof icons;

/** The folders that dependency-cruiser checks. */
export const lintedFolders = ['src', 'devtools', 'demo', 'e2e', 'bench', 'test', 'scripts'];

// A report as a source of data: everything is in the file.

import type { Report, Source } from './model';

export function report(data: Report): Source {
  return {
    live: false,
    title: data.title || `postlogin ${data.command}`,
    entry: async (id) => {
      const found = data.entries.find((it) => it.id === id);
      if (!found) throw new Error('The report has no such login.');
      return found;
    },
    sources: async () => data.sources,
  };
}

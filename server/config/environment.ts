/** `${NAME}` and `${NAME:-default}` in the texts of a configuration; `$${` stands for a `${` that is meant as it is. */

export type Environment = Readonly<Record<string, string | undefined>>;

const variable = /\$?\$\{([^}]*)(\}?)/g;
const wellFormed = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

export const hasVariable = (text: string): boolean => text.includes('${');

/** The text with its variables filled in. An empty variable counts as not set; one that is
 * not set stays as it stands. Problems name variables, never values. */
export const substitute = (text: string, environment: Environment): { text: string; problems: string[] } => {
  const problems: string[] = [];
  const filled = text.replace(variable, (whole, inside: string, end: string) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    const [, name, fallback] = (end === '' ? null : wellFormed.exec(inside)) ?? [];
    if (name === undefined) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is about that
      problems.push('a "${" opens no variable; accepted: ${NAME}, ${NAME:-default}; $${ for a plain ${');
      return whole;
    }
    const value = environment[name] || fallback;
    if (value === undefined) {
      problems.push(`the environment variable ${name} is not set; set it, or write \${${name}:-default}`);
    }
    return value ?? whole;
  });
  return { text: filled, problems };
};

/** Checks of finished events against their schemas. An event that fails is a bug of ours: it goes to the dead letters. */
import { validate as aiBudgetAlmostExceeded } from './generated/ai-budget-almost-exceeded.js';
import { validate as aiBudgetExceeded } from './generated/ai-budget-exceeded.js';
import { validate as llmBudgetAudit } from './generated/llm-budget-audit.js';
import { validate as llmConfigAudit } from './generated/llm-config-audit.js';
import { validate as llmFeedbackAudit } from './generated/llm-feedback-audit.js';
import { validate as llmToolAudit } from './generated/llm-tool-audit.js';
import { validate as llmUsageAudit } from './generated/llm-usage-audit.js';
import { reason, steps, type Validator } from './schema-error.ts';

/** Null when the event is valid, else `path: reason` of what is wrong. */
type Check = (event: unknown) => string | null;

const check =
  (validate: Validator): Check =>
  (event) => {
    if (validate(event)) return null;
    return (validate.errors ?? [])
      .map((error) => `${steps(error.instancePath).join('.') || 'event'}: ${reason(error)}`)
      .join('; ');
  };

export const validateLLMUsageAudit: Check = check(llmUsageAudit);
export const validateLLMBudgetAudit: Check = check(llmBudgetAudit);
export const validateLLMFeedbackAudit: Check = check(llmFeedbackAudit);
export const validateLLMToolAudit: Check = check(llmToolAudit);
export const validateLLMConfigAudit: Check = check(llmConfigAudit);
export const validateAiBudgetExceeded: Check = check(aiBudgetExceeded);
export const validateAiBudgetAlmostExceeded: Check = check(aiBudgetAlmostExceeded);

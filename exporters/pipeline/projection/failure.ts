/** Why a projection cannot be made of an event. Its message never holds anything of the event. */
export class ProjectionFailure extends Error {}

export const fail = (place: string, message: string): never => {
  throw new ProjectionFailure(`${place}: ${message}`);
};

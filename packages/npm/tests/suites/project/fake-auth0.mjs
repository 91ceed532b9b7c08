export class ManagementClient {
    #options;
    constructor(options) {
        this.#options = options;
    }
    async getUser(id) {
        return { plan: id && this.#options.token ? 'gold' : 'none' };
    }
}

package audit.test;

import static org.elasticsearch.rest.RestRequest.Method.DELETE;
import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.HEAD;
import static org.elasticsearch.rest.RestRequest.Method.PUT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.elasticsearch.Build;
import org.elasticsearch.ResourceAlreadyExistsException;
import org.elasticsearch.ResourceNotFoundException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.admin.indices.create.AutoCreateAction;
import org.elasticsearch.action.admin.indices.create.CreateIndexRequest;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.ClusterStateUpdateTask;
import org.elasticsearch.cluster.metadata.DataStream;
import org.elasticsearch.cluster.metadata.Metadata;
import org.elasticsearch.cluster.metadata.MetadataDataStreamsService;
import org.elasticsearch.cluster.metadata.MetadataIndexTemplateService;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.core.CheckedConsumer;
import org.elasticsearch.core.CheckedFunction;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.index.IndexNotFoundException;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.ilm.IndexLifecycleMetadata;
import org.elasticsearch.xpack.core.ilm.LifecyclePolicy;
import org.elasticsearch.xpack.core.ilm.LifecyclePolicyMetadata;
import org.elasticsearch.xpack.core.ilm.action.PutLifecycleRequest;

/** `GET /`, `_data_stream` and `_ilm/policy` over Elasticsearch's own cluster state. */
final class Routes {
  private Routes() {}

  abstract static class Handler extends BaseRestHandler {
    final ClusterService cluster;
    private final List<Route> routes;

    Handler(ClusterService cluster, Route... routes) {
      this.cluster = cluster;
      this.routes = List.of(routes);
    }

    abstract void answer(RestRequest request, NodeClient client, RestChannel channel) throws Exception;

    @Override
    public String getName() {
      return "audit_test_" + getClass().getSimpleName();
    }

    @Override
    public List<Route> routes() {
      return routes;
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
      // A parameter that nobody has asked for is refused as unknown.
      for (String name : List.of("name", "master_timeout", "timeout", "expand_wildcards")) request.param(name);
      request.content();
      return channel -> {
        try {
          answer(request, client, channel);
        } catch (Exception failure) {
          refuse(channel, failure);
        }
      };
    }

    static void reply(RestChannel channel, CheckedConsumer<XContentBuilder, IOException> fields) throws IOException {
      XContentBuilder body = channel.newBuilder().startObject();
      fields.accept(body);
      channel.sendResponse(new RestResponse(RestStatus.OK, body.endObject()));
    }

    static void refuse(RestChannel channel, Exception failure) {
      try {
        channel.sendResponse(new RestResponse(channel, failure));
      } catch (IOException thrown) {
        throw new UncheckedIOException(thrown);
      }
    }

    void change(RestChannel channel, CheckedFunction<ClusterState, ClusterState, Exception> next) {
      cluster.submitUnbatchedStateUpdateTask(getName(), new ClusterStateUpdateTask() {
        @Override
        public ClusterState execute(ClusterState state) throws Exception {
          return next.apply(state);
        }

        @Override
        public void onFailure(Exception failure) {
          refuse(channel, failure);
        }

        @Override
        public void clusterStateProcessed(ClusterState before, ClusterState after) {
          try {
            reply(channel, body -> body.field("acknowledged", true));
          } catch (IOException thrown) {
            throw new UncheckedIOException(thrown);
          }
        }
      });
    }

    List<DataStream> streams(String names) {
      return new TreeMap<>(cluster.state().metadata().dataStreams()).values().stream()
          .filter(stream -> names == null || Regex.simpleMatch(names.split(","), stream.getName()))
          .toList();
    }

    static boolean isExact(String name) {
      return name != null && name.indexOf('*') < 0;
    }
  }

  static final class Info extends Handler {
    Info(ClusterService cluster) {
      super(cluster, new Route(GET, "/"), new Route(HEAD, "/"));
    }

    @Override
    void answer(RestRequest request, NodeClient client, RestChannel channel) throws IOException {
      reply(channel, body -> body
          .field("name", cluster.getNodeName())
          .field("cluster_name", cluster.state().getClusterName().value())
          .startObject("version")
          .field("number", Build.current().qualifiedVersion())
          .field("build_flavor", Build.current().flavor())
          .endObject()
          .field("tagline", "You Know, for Search"));
    }
  }

  static final class PutStream extends Handler {
    PutStream(ClusterService cluster) {
      super(cluster, new Route(PUT, "/_data_stream/{name}"));
    }

    @Override
    void answer(RestRequest request, NodeClient client, RestChannel channel) {
      String name = request.param("name");
      Metadata metadata = cluster.state().metadata();
      if (metadata.dataStreams().containsKey(name)) {
        throw new ResourceAlreadyExistsException("data_stream [" + name + "] already exists");
      }
      String template = MetadataIndexTemplateService.findV2Template(metadata, name, false);
      if (template == null || metadata.templatesV2().get(template).getDataStreamTemplate() == null) {
        throw new IllegalArgumentException("no matching index template found for data stream [" + name + "]");
      }
      client.execute(AutoCreateAction.INSTANCE, new CreateIndexRequest(name), ActionListener.wrap(
          made -> reply(channel, body -> body.field("acknowledged", made.isAcknowledged())),
          failure -> refuse(channel, failure)));
    }
  }

  static final class GetStreams extends Handler {
    GetStreams(ClusterService cluster) {
      super(cluster, new Route(GET, "/_data_stream"), new Route(GET, "/_data_stream/{name}"));
    }

    @Override
    void answer(RestRequest request, NodeClient client, RestChannel channel) throws IOException {
      String name = request.param("name");
      List<DataStream> found = streams(name);
      if (found.isEmpty() && isExact(name)) throw new IndexNotFoundException(name);
      Metadata metadata = cluster.state().metadata();
      reply(channel, body -> {
        body.startArray("data_streams");
        for (DataStream stream : found) {
          String template = MetadataIndexTemplateService.findV2Template(metadata, stream.getName(), false);
          body.startObject().field("name", stream.getName()).field("generation", stream.getGeneration())
              .field("template", template).startArray("indices");
          for (var index : stream.getIndices()) body.startObject().field("index_name", index.getName()).endObject();
          body.endArray();
          if (template != null) {
            Settings settings = MetadataIndexTemplateService.resolveSettings(metadata, template);
            body.field("ilm_policy", settings.get("index.lifecycle.name"));
          }
          body.endObject();
        }
        body.endArray();
      });
    }
  }

  static final class DeleteStreams extends Handler {
    private final Settings settings;

    DeleteStreams(ClusterService cluster, Settings settings) {
      super(cluster, new Route(DELETE, "/_data_stream/{name}"));
      this.settings = settings;
    }

    @Override
    void answer(RestRequest request, NodeClient client, RestChannel channel) {
      String name = request.param("name");
      change(channel, state -> {
        Set<DataStream> found = new HashSet<>(streams(name));
        if (found.isEmpty() && isExact(name)) throw new IndexNotFoundException(name);
        return MetadataDataStreamsService.deleteDataStreams(state, found, settings);
      });
    }
  }

  static final class PutPolicy extends Handler {
    PutPolicy(ClusterService cluster) {
      super(cluster, new Route(PUT, "/_ilm/policy/{name}"));
    }

    @Override
    void answer(RestRequest request, NodeClient client, RestChannel channel) throws IOException {
      String name = request.param("name");
      LifecyclePolicy policy;
      try (XContentParser parser = request.contentParser()) {
        var put = PutLifecycleRequest.parseRequest(new PutLifecycleRequest.Factory() {
          @Override
          public PutLifecycleRequest create(LifecyclePolicy parsed) {
            return new PutLifecycleRequest(TimeValue.timeValueSeconds(30), TimeValue.timeValueSeconds(30), parsed);
          }

          @Override
          public String getPolicyName() {
            return name;
          }
        }, parser);
        var invalid = put.validate();
        if (invalid != null) throw invalid;
        policy = put.getPolicy();
      }
      LifecyclePolicy.validatePolicyName(name);
      change(channel, state -> {
        IndexLifecycleMetadata kept = state.metadata().custom(IndexLifecycleMetadata.TYPE, IndexLifecycleMetadata.EMPTY);
        SortedMap<String, LifecyclePolicyMetadata> policies = new TreeMap<>(kept.getPolicyMetadatas());
        LifecyclePolicyMetadata before = policies.get(name);
        long version = before == null ? 1 : before.getVersion() + 1;
        policies.put(name, new LifecyclePolicyMetadata(policy, Map.of(), version, System.currentTimeMillis()));
        Metadata.Builder metadata = Metadata.builder(state.metadata())
            .putCustom(IndexLifecycleMetadata.TYPE, new IndexLifecycleMetadata(policies, kept.getOperationMode()));
        return ClusterState.builder(state).metadata(metadata).build();
      });
    }
  }

  static final class GetPolicies extends Handler {
    GetPolicies(ClusterService cluster) {
      super(cluster, new Route(GET, "/_ilm/policy"), new Route(GET, "/_ilm/policy/{name}"));
    }

    @Override
    void answer(RestRequest request, NodeClient client, RestChannel channel) throws IOException {
      String name = request.param("name");
      IndexLifecycleMetadata kept =
          cluster.state().metadata().custom(IndexLifecycleMetadata.TYPE, IndexLifecycleMetadata.EMPTY);
      if (isExact(name) && !kept.getPolicyMetadatas().containsKey(name)) {
        throw new ResourceNotFoundException("Lifecycle policy not found: {}", name);
      }
      reply(channel, body -> {
        for (Map.Entry<String, LifecyclePolicyMetadata> entry : kept.getPolicyMetadatas().entrySet()) {
          if (name != null && !Regex.simpleMatch(name, entry.getKey())) continue;
          body.startObject(entry.getKey()).field("version", entry.getValue().getVersion())
              .field("policy", entry.getValue().getPolicy()).endObject();
        }
      });
    }
  }
}

package main

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// peerProvider offers one resource and one data source, both named peer_file.
type peerProvider struct{}

// settings is the provider's configuration as resources and data sources use it.
type settings struct {
	prefix string
}

// locate gives the place of a file: relative paths are taken below the prefix.
func (s settings) locate(path string) string {
	if s.prefix == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.prefix, path)
}

func newProvider() provider.Provider {
	return &peerProvider{}
}

func (p *peerProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "peer"
}

func (p *peerProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "Files on this machine.",
		Attributes: map[string]schema.Attribute{
			"prefix": schema.StringAttribute{
				Optional:    true,
				Description: "The directory that relative paths start from.",
			},
		},
	}
}

func (p *peerProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config struct {
		Prefix types.String `tfsdk:"prefix"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	configured := settings{prefix: config.Prefix.ValueString()}
	resp.ResourceData = configured
	resp.DataSourceData = configured
}

func (p *peerProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newFileResource}
}

func (p *peerProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newFileDataSource}
}

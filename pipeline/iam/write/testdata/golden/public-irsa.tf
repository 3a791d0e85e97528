# combined: role arn:aws:iam::123456789012:role/palette-ecr
resource "aws_iam_role" "palette_ecr" {
  name = "palette-ecr"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/HUB1"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:aud" = "sts.amazonaws.com"
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:sub" = [
              "system:serviceaccount:mural-system:hue",
              "system:serviceaccount:mural-system:source-controller",
            ]
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "palette_ecr" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr-public:CompleteLayerUpload",
          "ecr-public:UploadLayerPart",
          "ecr-public:InitiateLayerUpload",
          "ecr-public:BatchCheckLayerAvailability",
          "ecr-public:PutImage",
        ]
        Resource = "arn:aws:ecr-public::123456789012:repository/mural-workloads"
      },
      {
        Effect = "Allow"
        Action = [
          "ecr-public:GetAuthorizationToken",
          "sts:GetServiceBearerToken",
        ]
        Resource = "*"
      },
    ]
  })
}

# hue: role arn:aws:iam::123456789012:role/palette-ecr-hue
resource "aws_iam_role" "palette_ecr_hue" {
  name = "palette-ecr-hue"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/HUB1"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:aud" = "sts.amazonaws.com"
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:sub" = "system:serviceaccount:mural-system:hue"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "palette_ecr_hue" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr_hue.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr-public:CompleteLayerUpload",
          "ecr-public:UploadLayerPart",
          "ecr-public:InitiateLayerUpload",
          "ecr-public:BatchCheckLayerAvailability",
          "ecr-public:PutImage",
        ]
        Resource = "arn:aws:ecr-public::123456789012:repository/mural-workloads"
      },
      {
        Effect = "Allow"
        Action = [
          "ecr-public:GetAuthorizationToken",
          "sts:GetServiceBearerToken",
        ]
        Resource = "*"
      },
    ]
  })
}

# source-controller: role arn:aws:iam::123456789012:role/palette-ecr-source-controller
resource "aws_iam_role" "palette_ecr_source_controller" {
  name = "palette-ecr-source-controller"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/HUB1"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:aud" = "sts.amazonaws.com"
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:sub" = "system:serviceaccount:mural-system:source-controller"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "palette_ecr_source_controller" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr_source_controller.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr-public:GetAuthorizationToken",
          "sts:GetServiceBearerToken",
        ]
        Resource = "*"
      },
    ]
  })
}

# operator: attach this policy to the identity that runs palette-ecr
resource "aws_iam_policy" "palette_ecr_operator" {
  name = "palette-ecr-operator"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr-public:CompleteLayerUpload",
          "ecr-public:UploadLayerPart",
          "ecr-public:InitiateLayerUpload",
          "ecr-public:BatchCheckLayerAvailability",
          "ecr-public:PutImage",
          "ecr-public:DescribeImages",
          "ecr-public:DescribeImageTags",
          "ecr-public:DescribeRepositories",
        ]
        Resource = "arn:aws:ecr-public::123456789012:repository/mural-workloads"
      },
      {
        Effect = "Allow"
        Action = [
          "ecr-public:GetAuthorizationToken",
          "sts:GetServiceBearerToken",
        ]
        Resource = "*"
      },
      {
        Effect = "Allow"
        Action = [
          "iam:GetRole",
          "iam:ListRolePolicies",
          "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies",
          "iam:SimulatePrincipalPolicy",
        ]
        Resource = "arn:aws:iam::123456789012:role/palette-ecr"
      },
      {
        Effect = "Allow"
        Action = [
          "iam:GetPolicy",
          "iam:GetPolicyVersion",
        ]
        Resource = "arn:aws:iam::*:policy/*"
      },
      {
        Effect   = "Allow"
        Action   = "iam:GetOpenIDConnectProvider"
        Resource = "arn:aws:iam::123456789012:oidc-provider/*"
      },
    ]
  })
}
